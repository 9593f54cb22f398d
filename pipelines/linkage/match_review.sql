-- Pairs that a person has to judge: those the model left open, a number on two people, one person
-- with two keys of one register. A pair that was judged is not asked again, unless the answer was
-- that it is not sure, or contradicts another answer. In order of what hangs on it: a suspected case first, then the probability.
with review_pair as (
    select
        left_no, right_no, probability, reason, reason_zh,
        case when method = 'clerical' then 1 else 0 end as contradicted
    from linkage.pair_decision
    where decision = 'review'
),

review_end as (
    select left_no as entity_no from review_pair
    union
    select right_no as entity_no from review_pair
),

entity_key as (
    select entity.entity_no, entity.mention_key
    from linkage.entity
    inner join review_end on review_end.entity_no = entity.entity_no
),

undecided as (
    select
        least(left_entity.mention_key, right_entity.mention_key) as left_key,
        greatest(left_entity.mention_key, right_entity.mention_key) as right_key,
        review_pair.probability,
        review_pair.reason,
        review_pair.reason_zh,
        review_pair.contradicted
    from review_pair
    inner join entity_key as left_entity on left_entity.entity_no = review_pair.left_no
    inner join entity_key as right_entity on right_entity.entity_no = review_pair.right_no
),

doubted as (
    select number, name_folded, party, owns
    from linkage.number_party
    where parties > 1
),

-- a city has few of them: their mentions are found by number alone, and the first one by its place,
-- since a min() would be worked out for each number of the city before the join
doubted_mention as (
    select number, name_folded, mention_key
    from linkage.mention_feature
    where number in (select number from doubted)
),

party_ranked as (
    select
        doubted.number,
        doubted.party,
        doubted_mention.mention_key,
        row_number() over (
            partition by doubted.number, doubted.party, doubted.owns
            order by doubted_mention.mention_key
        ) as place
    from doubted
    inner join doubted_mention
        on doubted_mention.number = doubted.number
        and doubted_mention.name_folded = doubted.name_folded
),

party_mention as (
    select number, party, mention_key
    from party_ranked
    where place = 1
),

number_on_two as (
    select
        least(one.mention_key, other.mention_key) as left_key,
        greatest(one.mention_key, other.mention_key) as right_key,
        0.0 as probability,
        'one number under two names' as reason,
        '同一号码下有两个姓名' as reason_zh
    from party_mention as one
    inner join party_mention as other
        on other.number = one.number and other.party > one.party
),

-- most persons are one entity with one key; of the others only those with two keys of one register
-- are looked up in the mentions. A person bears the number of its smallest entity.
joined as (
    select distinct cluster_no
    from linkage.entity_cluster
    where entity_no <> cluster_no
),

bearer as (
    select entity.entity_no, entity_cluster.cluster_no, entity.register_refs
    from linkage.entity
    inner join linkage.entity_cluster on entity_cluster.entity_no = entity.entity_no
    left join joined on joined.cluster_no = entity_cluster.cluster_no
    where array_length(entity.register_refs) > 1 or joined.cluster_no is not null
),

held as (
    select
        bearer.entity_no,
        bearer.cluster_no,
        split_part(ref.register_ref, ':', 1) as register_domain,
        ref.register_ref
    from bearer
    cross join unnest(bearer.register_refs) as ref (register_ref)
),

held_twice as (
    select cluster_no, register_domain
    from held
    group by cluster_no, register_domain
    having min(register_ref) < max(register_ref)
),

holder as (
    select distinct held.entity_no, held.cluster_no, held.register_domain, held.register_ref
    from held
    inner join held_twice
        on held_twice.cluster_no = held.cluster_no
        and held_twice.register_domain = held.register_domain
),

register_row as (
    select
        holder.cluster_no,
        holder.register_domain,
        holder.register_ref,
        min(mention_feature.mention_key) as mention_key
    from holder
    inner join linkage.mention_entity on mention_entity.entity_no = holder.entity_no
    inner join linkage.mention_feature
        on mention_feature.mention_no = mention_entity.mention_no
        and mention_feature.register_ref = holder.register_ref
    group by holder.cluster_no, holder.register_domain, holder.register_ref
),

register_ranked as (
    select
        cluster_no,
        register_domain,
        mention_key,
        row_number() over (
            partition by cluster_no, register_domain order by register_ref
        ) as place
    from register_row
),

register_double as (
    select
        least(kept.mention_key, extra.mention_key) as left_key,
        greatest(kept.mention_key, extra.mention_key) as right_key,
        1.0 as probability,
        'one person with two keys of one register' as reason,
        '一人在同一登记册中有两个编号' as reason_zh
    from register_ranked as kept
    inner join register_ranked as extra
        on extra.cluster_no = kept.cluster_no
        and extra.register_domain = kept.register_domain
    where kept.place = 1 and extra.place > 1
),

pair as (
    select left_key, right_key, probability, reason, reason_zh, contradicted from undecided
    union all
    select left_key, right_key, probability, reason, reason_zh, 0 from number_on_two
    union all
    select left_key, right_key, probability, reason, reason_zh, 0 from register_double
),

distinct_pair as (
    select
        left_key,
        right_key,
        max(probability) as probability,
        min(reason) as reason,
        arg_min(reason_zh, reason) as reason_zh,
        max(contradicted) as contradicted
    from pair
    group by left_key, right_key
),

case_person as (
    select distinct household_member.person_id
    from prev_hardship.case_file as case_file
    inner join prev_population.household_member as household_member
        on household_member.household_id = case_file.household_id
    where case_file.status in ('open', 'checking', 'confirmed')
),

asked as (
    select left_key as mention_key from distinct_pair
    union
    select right_key as mention_key from distinct_pair
),

asked_person as (
    select asked.mention_key, mention_link.person_id
    from asked
    inner join linkage.mention_link on mention_link.mention_key = asked.mention_key
),

claim as (
    select person_ref as mention_key, '1 death' as at_stake from standard.death_claim
    union all
    select person_ref as mention_key, '2 tier' as at_stake from standard.tier_claim
    union all
    select head_ref as mention_key, '2 tier' as at_stake from standard.tier_grant
    union all
    select mention_key, '3 field report' as at_stake from standard.field_report
    union all
    select person_ref as mention_key, '4 help' as at_stake from standard.help
),

stake as (
    select asked_person.mention_key, '0 suspected case' as at_stake
    from asked_person
    inner join case_person on case_person.person_id = asked_person.person_id
    union all
    select claim.mention_key, claim.at_stake
    from asked
    inner join claim on claim.mention_key = asked.mention_key
),

highest_stake as (
    select mention_key, min(at_stake) as at_stake
    from stake
    group by mention_key
),

judged as (
    select left_key, right_key, verdict
    from linkage.judgement
    where in_force
),

ranked as (
    select
        substr(sha256(distinct_pair.left_key || '|' || distinct_pair.right_key), 1, 16) as pair_id,
        distinct_pair.left_key,
        distinct_pair.right_key,
        distinct_pair.probability,
        distinct_pair.reason,
        distinct_pair.reason_zh,
        least(
            coalesce(left_stake.at_stake, '5 record'), coalesce(right_stake.at_stake, '5 record')
        ) as at_stake,
        judged.verdict
    from distinct_pair
    left join highest_stake as left_stake on left_stake.mention_key = distinct_pair.left_key
    left join highest_stake as right_stake on right_stake.mention_key = distinct_pair.right_key
    left join judged
        on judged.left_key = distinct_pair.left_key and judged.right_key = distinct_pair.right_key
    where judged.verdict is null or judged.verdict = 'unsure' or distinct_pair.contradicted = 1
)

select
    pair_id,
    left_key,
    right_key,
    probability,
    reason,
    reason_zh,
    substr(at_stake, 3) as at_stake,
    verdict as judgement,
    row_number() over (
        order by case when verdict is null then 0 else 1 end, at_stake, probability desc, pair_id
    ) as place
from ranked
