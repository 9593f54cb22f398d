-- The value of every parameter in every place where somebody lives: the longest region, then the
-- value that names urban or rural, then the latest. A NULL value has ended there.
with place as (
    select
        coalesce(region_code, '') as region_code,
        coalesce(urban_rural, '') as urban_rural
    from population.person
    union
    select
        coalesce(household.region_code, '') as region_code,
        coalesce(household.urban_rural, '') as urban_rural
    from population.household as household
),

fitting as (
    select
        place.region_code,
        place.urban_rural,
        parameter.name,
        parameter.value,
        parameter.assumption,
        row_number() over (
            partition by place.region_code, place.urban_rural, parameter.name
            order by
                length(parameter.region) desc,
                case when parameter.urban_rural is null then 1 else 0 end asc,
                parameter.valid_from desc
        ) as choice
    from place
    inner join meta.policy_parameter as parameter
        on
            replace(place.region_code, '0', '') <> ''
            and substr(place.region_code, 1, length(parameter.region)) = parameter.region
            and (
                parameter.urban_rural is null
                or place.urban_rural = parameter.urban_rural
            )
    where parameter.valid_from <= $as_of
)

select
    region_code,
    urban_rural,
    name,
    value,
    assumption
from fitting
where choice = 1
