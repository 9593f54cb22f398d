-- People long enough in a tier that is helped with illness, whose in-scope burden of 12 months is
-- high and who had no medical aid, neither settled nor paid. Missing since the day on which their
-- burden went over the line, or since they entered the tier if that was later.
with burdened as (
    select
        stay.person_id,
        stay.household_id,
        stay.tier,
        stay.since as tier_since,
        stay.identity_confidence,
        indicator.burden_in_scope_12m
    from assistance.tier_stay as stay
    inner join hardship.person_indicator as indicator on stay.person_id = indicator.person_id
    where
        stay.special_assistance = 'medical'
        and stay.since <= $in_tier_by
        and indicator.burden_in_scope_12m > $burden_line
        and indicator.medical_aid_12m = 0
),

spent as (
    select
        link.person_id,
        day.settled_on,
        sum(day.in_scope_burden) as burden
    from hardship.medical_day as day
    inner join linkage.person_ref as link on day.person_ref = link.person_ref
    inner join burdened on link.person_id = burdened.person_id
    where day.settled_on > $window_start and day.settled_on <= $as_of
    group by link.person_id, day.settled_on
),

running as (
    select
        person_id,
        settled_on,
        sum(burden) over (
            partition by person_id
            order by settled_on asc
            rows between unbounded preceding and current row
        ) as so_far
    from spent
),

crossing as (
    select
        person_id,
        min(settled_on) as crossed_on
    from running
    where so_far > $burden_line
    group by person_id
)

select
    'tier_without_medical_aid' as finding,
    burdened.person_id as subject,
    burdened.person_id,
    burdened.household_id,
    case
        when crossing.crossed_on > burdened.tier_since then crossing.crossed_on
        else burdened.tier_since
    end as since,
    burdened.burden_in_scope_12m as amount,
    burdened.identity_confidence,
    concat(
        '疑似：属', burdened.tier, '，近12个月医保范围内个人负担',
        cast(burdened.burden_in_scope_12m as varchar), '元，未见医疗救助'
    ) as reason_zh,
    concat(
        'Suspected: in a tier (', burdened.tier, '), in-scope burden of 12 months ',
        cast(burdened.burden_in_scope_12m as varchar), ' yuan, no medical aid'
    ) as reason_en
from burdened
inner join crossing on burdened.person_id = crossing.person_id
