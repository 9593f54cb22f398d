-- The value of every parameter in every place where somebody lives.
with spot as (
    select region_code, coalesce(urban_rural, '') as urban_rural from place
    union
    select household.region_code,
        case substr(region.urban_rural_code, 1, 1) when '1' then 'urban' when '2' then 'rural'
            else '' end as urban_rural
    from household
    left join region_newest as region on household.region_code = region.region_code
),

fitting as (
    select
        spot.region_code,
        spot.urban_rural,
        dated.name,
        dated.value,
        row_number() over (
            partition by spot.region_code, spot.urban_rural, dated.name
            order by length(dated.region) desc,
                case when dated.urban_rural is null then 1 else 0 end,
                dated.valid_from desc
        ) as choice
    from spot
    inner join policy_value as dated
        on starts_with(spot.region_code, dated.region)
        and (dated.urban_rural is null or dated.urban_rural = spot.urban_rural)
    where dated.valid_from <= $as_of
)

select region_code, urban_rural, name, value
from fitting
where choice = 1
