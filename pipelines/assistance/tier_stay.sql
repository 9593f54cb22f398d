-- The living who are now in one of the tiers in which a kind of help is expected, and since when
-- they have been without a break, from whichever of these tiers to whichever.
with span as (
    select
        expected.special_assistance,
        history.person_id,
        history.tier,
        history.valid_from,
        coalesce(history.valid_to, date '9999-12-31') as valid_to
    from population.tier_history as history
    inner join assistance.expected_help as expected on history.tier = expected.tier
    where history.valid_from <= $as_of
),

opened as (
    select
        special_assistance,
        person_id,
        tier,
        valid_from,
        valid_to,
        max(valid_to) over (
            partition by special_assistance, person_id
            order by valid_from asc, valid_to asc, tier asc
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from span
),

numbered as (
    select
        special_assistance,
        person_id,
        valid_from,
        valid_to,
        sum(case when held_until >= valid_from then 0 else 1 end) over (
            partition by special_assistance, person_id
            order by valid_from asc, valid_to asc, tier asc
            rows between unbounded preceding and current row
        ) as island
    from opened
),

stay as (
    select
        special_assistance,
        person_id,
        min(valid_from) as since,
        max(valid_to) as until
    from numbered
    group by special_assistance, person_id, island
)

select
    stay.special_assistance,
    stay.person_id,
    person.household_id,
    monitored.tier,
    stay.since,
    person.identity_confidence
from stay
inner join population.person as person on stay.person_id = person.person_id
inner join population.monitored_person as monitored on stay.person_id = monitored.person_id
where person.alive and stay.until > $as_of
