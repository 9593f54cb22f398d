-- Which household of the night before each component goes on as: every old id goes to the
-- component that holds most of its people, and a component that wins several keeps the one it
-- shares most people with, then the oldest. NULL: a household that was not there before.
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
        count(*) as people
    from before
    inner join households.component as component on before.person_id = component.person_id
    group by component.component, before.household_id
),

winner as (
    select
        component,
        household_id,
        id_since,
        people,
        row_number() over (
            partition by household_id order by people desc, component asc
        ) as place
    from overlap
),

kept as (
    select
        component,
        household_id,
        id_since,
        row_number() over (
            partition by component order by people desc, id_since asc, household_id asc
        ) as place
    from winner
    where place = 1
),

every_component as (
    select distinct component from households.component
)

select
    every_component.component,
    kept.household_id,
    kept.id_since
from every_component
left join kept on every_component.component = kept.component and kept.place = 1
