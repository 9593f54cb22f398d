-- Which household of the night before each component goes on as: every old id goes to the
-- component that holds most of its people, the living before the dead, and a component that wins
-- several keeps the one it shares most people with, then the oldest. What is given up that way
-- goes, by the same rules, to a component that is still without. NULL: a household that was not
-- there before.
with renamed as (
    select
        old_id,
        min(new_id) as new_id
    from linkage.person_id_change
    where change like 'merge%' and as_of = cast($as_of as date)
    group by old_id
),

before as (
    select distinct
        coalesce(renamed.new_id, member.person_id) as person_id,
        member.household_id,
        member.id_since
    from prev_households.member as member
    left join renamed on member.person_id = renamed.old_id
),

overlap as (
    select
        component.component,
        before.household_id,
        min(before.id_since) as id_since,
        count(*) as people,
        count(*) filter (where life.alive) as living
    from before
    inner join households.component as component on before.person_id = component.person_id
    inner join households.life as life on before.person_id = life.person_id
    group by component.component, before.household_id
),

winner as (
    select
        component,
        household_id,
        id_since,
        people,
        living,
        row_number() over (
            partition by household_id order by living desc, people desc, component asc
        ) as place
    from overlap
),

ranked as (
    select
        component,
        household_id,
        id_since,
        row_number() over (
            partition by component
            order by living desc, people desc, id_since asc, household_id asc
        ) as place
    from winner
    where place = 1
),

kept as (
    select
        component,
        household_id,
        id_since
    from ranked
    where place = 1
),

left_over as (
    select
        overlap.component,
        overlap.household_id,
        overlap.id_since,
        overlap.people,
        overlap.living,
        row_number() over (
            partition by overlap.household_id
            order by overlap.living desc, overlap.people desc, overlap.component asc
        ) as place
    from overlap
    left join kept as with_id on overlap.component = with_id.component
    left join kept as given on overlap.household_id = given.household_id
    where with_id.component is null and given.household_id is null
),

ranked_left_over as (
    select
        component,
        household_id,
        id_since,
        row_number() over (
            partition by component
            order by living desc, people desc, id_since asc, household_id asc
        ) as place
    from left_over
    where place = 1
),

inherited as (
    select
        component,
        household_id,
        id_since
    from kept
    union all
    select
        component,
        household_id,
        id_since
    from ranked_left_over
    where place = 1
),

every_component as (
    select distinct component from households.component
)

select
    every_component.component,
    inherited.household_id,
    inherited.id_since
from every_component
left join inherited on every_component.component = inherited.component
