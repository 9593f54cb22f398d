-- Everybody known to any source. Who died in a household that nobody lives in any more is in none.
with known as (
    select
        person_id,
        list_sort(list(distinct source)) as sources,
        min(probability) as identity_confidence
    from linkage.mention_link
    group by person_id
)

select
    known.person_id,
    case when base.size > 0 then member.household_id end as household_id,
    attribute.sex,
    cast(extract(year from attribute.birth_date) as integer) as birth_year,
    region.region_code,
    region.urban_rural,
    attribute.alive,
    known.sources,
    known.identity_confidence
from known
inner join households.member as member on known.person_id = member.person_id
inner join households.household_base as base on member.household_id = base.household_id
inner join population.person_attribute as attribute on known.person_id = attribute.person_id
inner join population.person_region as region on known.person_id = region.person_id
