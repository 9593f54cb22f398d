-- Every text by which a claim may name a person: a mention key, or register:key.
with register_person as (
    select
        mention_feature.register_ref,
        mention_link.person_id,
        max(mention_link.probability) as probability
    from linkage.mention_feature
    inner join linkage.mention_link on mention_link.mention_key = mention_feature.mention_key
    where mention_feature.register_ref is not null
    group by mention_feature.register_ref, mention_link.person_id
),

best_person as (
    select
        register_ref,
        person_id,
        probability,
        row_number() over (
            partition by register_ref order by probability desc, person_id
        ) as place
    from register_person
)

select mention_key as person_ref, person_id, probability
from linkage.mention_link
union all
select register_ref as person_ref, person_id, probability
from best_person
where place = 1
