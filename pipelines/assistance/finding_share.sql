-- For every kind of finding: how many were looked at, how many were found, and which share that is.
-- A rule that points at a large share of ordinary people is wrong, not the people.
with looked as (
    select
        'no_payment_90_days' as finding,
        count(distinct granted.group_key) as looked_at
    from standard.tier_grant as granted
    inner join assistance.kind_word as word on granted.tier = word.cash_tier
    where
        granted.valid_from <= $as_of and (granted.valid_to is null or granted.valid_to > $as_of)
    union all
    select
        'tier_without_medical_aid' as finding,
        count(*) as looked_at
    from assistance.tier_stay
    where special_assistance = 'medical'
    union all
    select
        'student_without_aid' as finding,
        count(*) as looked_at
    from assistance.tier_stay as stay
    inner join population.person_attribute as attribute on stay.person_id = attribute.person_id
    where stay.special_assistance = 'education' and attribute.is_student
    union all
    select
        'confirmed_without_help' as finding,
        count(*) as looked_at
    from hardship.case_file
    where confirmed_on is not null
    union all
    select
        'needs_half_answered' as finding,
        count(*) as looked_at
    from hardship.case_file
    where status in ('open', 'checking', 'confirmed')
    union all
    select
        kinds.finding,
        covered.looked_at
    from (
        select count(distinct person_id) as looked_at
        from assistance.covered
        where valid_from < valid_to and valid_to > $window_start
    ) as covered
    cross join (
        select finding from assistance.finding_kind where finding like 'two_%'
    ) as kinds
    union all
    select
        kinds.finding,
        payee.looked_at
    from (
        select count(distinct person_id) as looked_at
        from assistance.event
        where is_recurring and kind = 'payment' and given_on > $window_start
    ) as payee
    cross join (
        select finding
        from assistance.finding_kind
        where finding in ('paid_after_death', 'same_aid_twice')
    ) as kinds
    union all
    select
        kinds.finding,
        served.looked_at
    from (
        select count(distinct person_id) as looked_at
        from assistance.event
        where kind = 'service' and given_on > $window_start
    ) as served
    cross join (
        select finding from assistance.finding_kind where finding like 'service_%'
    ) as kinds
),

found as (
    select
        gap_type as finding,
        certainty
    from assistance.gap
    union all
    select
        overlap_type as finding,
        certainty
    from assistance.overlap
),

counted as (
    select
        finding,
        count(*) as found,
        sum(case when certainty = 'certain' then 1 else 0 end) as certain
    from found
    group by finding
)

select
    kind_of.finding,
    kind_of.is_gap,
    kind_of.title_zh,
    kind_of.title_en,
    kind_of.department,
    coalesce(looked.looked_at, 0) as looked_at,
    coalesce(counted.found, 0) as found,
    coalesce(counted.certain, 0) as certain,
    case
        when looked.looked_at > 0
            then cast(coalesce(counted.found, 0) as double) / looked.looked_at
    end as share,
    kind_of.held_back,
    kind_of.late_datasets
from assistance.finding_kind as kind_of
left join looked on kind_of.finding = looked.finding
left join counted on kind_of.finding = counted.finding
