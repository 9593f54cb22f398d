-- Regions with the names of the county and township they lie in.
with listed as (
    select
        region_code,
        name,
        level,
        urban_rural,
        case when level >= 3 then substr(region_code, 1, 6) end as county_code,
        case when level >= 4 then substr(region_code, 1, 9) end as township_code
    from standard.region
)

select
    listed.region_code,
    listed.name,
    listed.level,
    listed.urban_rural,
    listed.county_code,
    county.name as county_name,
    listed.township_code,
    township.name as township_name
from listed
left join standard.region as county on listed.county_code || '000000' = county.region_code
left join standard.region as township on listed.township_code || '000' = township.region_code
