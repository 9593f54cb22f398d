-- Mentions counted by dataset, by the groups of people they belong to, and by how they were linked:
-- what quality.match_report adds up. Whole numbers alone (probabilities in millionths), so that a
-- night can take off what a changed person counted for and add what the person counts for now.
with mention as (
    select
        mention_entity.entity_no,
        entity_cluster.cluster_no,
        mention_feature.mention_key,
        mention_feature.region_code,
        mention_feature.is_minority,
        mention_feature.number_birth,
        mention_entity.number is null as has_no_number,
        mention_link.person_id,
        mention_link.source,
        mention_link.dataset,
        mention_link.method,
        mention_link.probability
    from linkage.mention_feature
    inner join linkage.mention_entity
        on mention_entity.mention_no = mention_feature.mention_no
    inner join linkage.entity_cluster
        on entity_cluster.entity_no = mention_entity.entity_no
    inner join linkage.mention_link on mention_link.mention_key = mention_feature.mention_key
),

pupil as (
    select distinct mention.cluster_no
    from standard.attribute_claim
    inner join mention on mention.mention_key = attribute_claim.person_ref
    where attribute_claim.attribute = 'student_stage'
),

-- registers that place one person in two villages have not all been told of a move; the region that
-- reaches furthest down counts: a village code ends in no zeros
place as (
    select cluster_no, region_code
    from mention
    where region_code is not null
    group by cluster_no, region_code
),

placed as (
    select
        place.cluster_no,
        min(region.urban_rural) as urban_rural,
        count(case when place.region_code not like '%000' then place.region_code end) as villages
    from place
    left join standard.region on region.region_code = place.region_code
    group by place.cluster_no
),

person as (
    select cluster_no, min(person_id) as person_id
    from mention
    group by cluster_no
),

born as (
    select person.cluster_no, person_identity.birth_date
    from person
    inner join linkage.person_identity on person_identity.person_id = person.person_id
),

open_pair as (
    select left_no as entity_no, probability, decision, reason
    from linkage.pair_decision
    where decision <> 'link'
    union all
    select right_no as entity_no, probability, decision, reason
    from linkage.pair_decision
    where decision <> 'link'
),

entity_doubt as (
    select
        entity_no,
        max(case when reason not like 'names differ%' then probability else 0.0 end)
            as best_probability
    from open_pair
    group by entity_no
),

review_key as (
    select left_key as mention_key from linkage.match_review
    union
    select right_key as mention_key from linkage.match_review
),

review_entity as (
    select distinct mention_entity.entity_no
    from review_key
    inner join linkage.mention_entity on mention_entity.mention_key = review_key.mention_key
),

judged as (
    select
        mention.source,
        mention.dataset,
        cast(round(mention.probability * 1000000) as bigint) as right_millionths,
        mention.has_no_number,
        mention.is_minority,
        mention.method in ('register_key', 'id_exact', 'id_repaired') as by_id,
        mention.method in ('probable', 'clerical') as by_probability,
        mention.method = 'single' as is_unlinked,
        review_entity.entity_no is not null as is_in_review,
        cast(round(coalesce(entity_doubt.best_probability, 0.0) * 1000000) as bigint)
            as missed_millionths,
        pupil.cluster_no is not null as is_pupil,
        coalesce(placed.urban_rural = 'rural', false) as is_rural,
        coalesce(placed.villages > 1, false) as has_moved,
        coalesce(
            coalesce(mention.number_birth, born.birth_date)
            > cast($as_of as date) - interval '7' year, false
        ) as is_under_7,
        coalesce(
            coalesce(mention.number_birth, born.birth_date)
            <= cast($as_of as date) - interval '76' year, false
        ) as is_over_75
    from mention
    inner join born on born.cluster_no = mention.cluster_no
    left join entity_doubt on entity_doubt.entity_no = mention.entity_no
    left join review_entity on review_entity.entity_no = mention.entity_no
    left join pupil on pupil.cluster_no = mention.cluster_no
    left join placed on placed.cluster_no = mention.cluster_no
)

select
    source,
    dataset,
    has_no_number,
    is_under_7,
    is_pupil,
    is_over_75,
    is_minority,
    is_rural,
    has_moved,
    count(*) as mentions,
    count(*) filter (where by_id) as linked_by_id,
    count(*) filter (where by_probability) as linked_by_probability,
    count(*) filter (where is_unlinked) as unlinked,
    count(*) filter (where is_in_review) as in_review,
    sum(case when is_unlinked then 0 else 1000000 - right_millionths end) as wrong_millionths,
    sum(case when is_unlinked then 0 else right_millionths end) as right_millionths,
    sum(case when is_unlinked then missed_millionths else 0 end) as missed_millionths
from judged
group by
    source,
    dataset,
    has_no_number,
    is_under_7,
    is_pupil,
    is_over_75,
    is_minority,
    is_rural,
    has_moved
