-- Everybody known to any source.
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
    member.household_id,
    attribute.sex,
    cast(extract(year from attribute.birth_date) as integer) as birth_year,
    region.region_code,
    region.urban_rural,
    attribute.alive,
    known.sources,
    known.identity_confidence
from known
inner join households.member as member on known.person_id = member.person_id
inner join population.person_attribute as attribute on known.person_id = attribute.person_id
inner join population.person_region as region on known.person_id = region.person_id
