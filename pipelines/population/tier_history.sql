-- A person's time in each tier, half-open, spans that touch joined. 其他 is given to the living
-- of a household whose case a visit confirmed, for 12 months, where no other tier holds.
with certified as (
    select
        ref.person_id,
        granted.tier,
        greatest(coalesce(granted.valid_from, granted.extract_date), claim.valid_from)
            as valid_from,
        least(granted.valid_to, claim.valid_to) as valid_to,
        claim.evidence
    from standard.tier_claim as claim
    inner join standard.tier_grant as granted on claim.group_key = granted.group_key
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where coalesce(claim.covered, true) and granted.tier is not null
),

named as (
    select
        ref.person_id,
        claim.tier,
        coalesce(claim.valid_from, claim.extract_date) as valid_from,
        claim.valid_to,
        claim.evidence
    from standard.tier_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where claim.group_key is null and claim.tier is not null and coalesce(claim.covered, true)
),

span as (
    select
        person_id,
        tier,
        valid_from,
        valid_to,
        evidence
    from certified
    union all
    select
        person_id,
        tier,
        valid_from,
        valid_to,
        evidence
    from named
),

-- the dead are in no tier from the day of death; a doubtful death ends nothing
lived as (
    select
        span.person_id,
        span.tier,
        span.valid_from,
        coalesce(least(span.valid_to, life.died_on), date '9999-12-31') as valid_to,
        span.evidence
    from span
    inner join households.life as life on span.person_id = life.person_id
),

opened as (
    select
        person_id,
        tier,
        valid_from,
        valid_to,
        evidence,
        max(valid_to) over (
            partition by person_id, tier
            order by valid_from asc, valid_to asc, evidence asc
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from lived
    where valid_from < valid_to
),

numbered as (
    select
        person_id,
        tier,
        valid_from,
        valid_to,
        evidence,
        sum(case when held_until >= valid_from then 0 else 1 end) over (
            partition by person_id, tier
            order by valid_from asc, valid_to asc, evidence asc
            rows between unbounded preceding and current row
        ) as island
    from opened
),

held as (
    select
        person_id,
        tier,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to,
        min(evidence) as evidence
    from numbered
    group by person_id, tier, island
),

moved_household as (
    select
        old_id,
        min(new_id) as new_id
    from households.id_change
    where change like 'merge%' and as_of = cast($as_of as date)
    group by old_id
),

confirmed_household as (
    select
        coalesce(moved_household.new_id, case_file.household_id) as household_id,
        max(visit.checked_on) as checked_on
    from standard.disposition as visit
    inner join prev_hardship.case_file as case_file on visit.case_id = case_file.case_id
    left join moved_household on case_file.household_id = moved_household.old_id
    where
        visit.result = '属实'
        and visit.checked_on <= cast($as_of as date)
        and visit.checked_on > cast($as_of as date) - interval 12 month
    group by coalesce(moved_household.new_id, case_file.household_id)
),

confirmed as (
    select
        member.person_id,
        confirmed_household.checked_on as valid_from,
        cast(confirmed_household.checked_on + interval 12 month as date) as valid_to
    from confirmed_household
    inner join households.member as member
        on confirmed_household.household_id = member.household_id
    inner join households.life as life on member.person_id = life.person_id
    where life.alive
),

-- 其他 starts at the visit, and again when another tier ends
start_point as (
    select
        person_id,
        valid_from,
        valid_to
    from confirmed
    union
    select
        confirmed.person_id,
        held.valid_to as valid_from,
        confirmed.valid_to
    from confirmed
    inner join held
        on
            confirmed.person_id = held.person_id
            and confirmed.valid_from < held.valid_to
            and confirmed.valid_to > held.valid_to
),

free_start as (
    select
        start_point.person_id,
        start_point.valid_from,
        start_point.valid_to
    from start_point
    left join held
        on
            start_point.person_id = held.person_id
            and start_point.valid_from >= held.valid_from
            and start_point.valid_from < held.valid_to
    where held.person_id is null
),

other as (
    select
        free_start.person_id,
        '其他' as tier,
        free_start.valid_from,
        least(free_start.valid_to, min(held.valid_from)) as valid_to,
        'visit' as evidence
    from free_start
    left join held
        on free_start.person_id = held.person_id and free_start.valid_from < held.valid_from
    group by free_start.person_id, free_start.valid_from, free_start.valid_to
)

select
    person_id,
    tier,
    valid_from,
    case when valid_to < date '9999-12-31' then valid_to end as valid_to,
    evidence
from held
union all
select
    person_id,
    tier,
    valid_from,
    valid_to,
    evidence
from other
