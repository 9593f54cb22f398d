-- Who entered or left a tier since the month before, person by person: additions, stops, and stops
-- by death (natural decrease). A stop counts on the first day without the tier.
with counted as (
    select
        history.person_id,
        history.tier,
        history.valid_from,
        history.valid_to
    from population.tier_history as history
    inner join orders.report_item as item on item.report = 'tiers' and history.tier = item.code
),

moved as (
    select
        person_id,
        tier,
        'added' as change,
        valid_from as changed_on,
        valid_from
    from counted
    where valid_from >= $month_start and valid_from <= $as_of
    union all
    select
        person_id,
        tier,
        'stopped' as change,
        valid_to as changed_on,
        valid_from
    from counted
    where valid_to >= $month_start and valid_to <= $as_of
)

select
    cast(date_trunc('month', moved.changed_on) as date) as month,
    moved.change,
    moved.change = 'stopped'
    and coalesce(death.died_on between moved.valid_from and moved.changed_on, false) as by_death,
    moved.tier,
    moved.person_id,
    person.household_id,
    substr(person.region_code, 1, 6) as county_code,
    substr(person.region_code, 1, 9) as township_code,
    moved.changed_on
from moved
inner join population.person as person on moved.person_id = person.person_id
left join population.death as death
    on moved.person_id = death.person_id and not death.doubtful
