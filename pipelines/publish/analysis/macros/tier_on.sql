-- Who was in which tier on a day, as tonight knows it; a person in two tiers stands twice.
select
    history.person_id,
    person.household_id,
    history.tier,
    history.valid_from,
    history.valid_to,
    person.region_code
from population.tier_history as history
inner join population.person as person on history.person_id = person.person_id
where
    history.valid_from <= cast(on_day as date)
    and (history.valid_to is null or history.valid_to > cast(on_day as date))
