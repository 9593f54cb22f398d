-- Where every id lives tonight, by region code: a household where it lives, a person where their
-- household does, an id that was merged where the one lives that it became, a case where its household.
-- An id that is not here, or has no region, is known to live nowhere.
with recursive

household as (
    select
        household_id as id,
        nullif(region_code, '000000000000') as region_code
    from population.household
),

person as (
    select
        person.person_id as id,
        coalesce(household.region_code, nullif(person.region_code, '000000000000')) as region_code
    from population.person as person
    left join household on person.household_id = household.id
),

alive as (
    select
        id,
        region_code
    from household
    union all
    select
        id,
        region_code
    from person
),

merge as (
    select
        old_id,
        new_id,
        as_of
    from population.id_change
    where change like 'merge%' and old_id <> new_id
),

-- what an id became on the night of the last merge of it, step by step
became as (
    select
        old_id,
        new_id,
        as_of
    from merge
    union
    select
        became.old_id,
        merge.new_id,
        became.as_of
    from became
    inner join merge on became.new_id = merge.old_id
    left join alive on became.new_id = alive.id
    where alive.id is null
),

renamed as (
    select
        became.old_id as id,
        alive.region_code,
        row_number() over (
            partition by became.old_id order by became.as_of desc, became.new_id asc
        ) as place
    from became
    inner join alive on became.new_id = alive.id
    left join alive as itself on became.old_id = itself.id
    where itself.id is null
),

known as (
    select
        id,
        region_code
    from alive
    union all
    select
        id,
        region_code
    from renamed
    where place = 1
)

select
    id,
    region_code
from known
where region_code is not null

union all

select
    cases.case_id as id,
    coalesce(
        household.region_code, person.region_code, nullif(cases.region_code, '000000000000')
    ) as region_code
from hardship.case_file as cases
left join known as household on cases.household_id = household.id
left join known as person on cases.person_id = person.id
where
    coalesce(
        household.region_code, person.region_code, nullif(cases.region_code, '000000000000')
    ) is not null
