-- Rows of a table, those of them that nobody can place in any of the places, and those elsewhere. A
-- region that ends above a place's level (the city is known, the place is a county of it) is unknown.
with reached as (
    select
        region_code,
        case
            when substr(region_code, 3, 2) = '00' then substr(region_code, 1, 2)
            when substr(region_code, 5, 2) = '00' then substr(region_code, 1, 4)
            when substr(region_code, 7, 3) = '000' then substr(region_code, 1, 6)
            when substr(region_code, 10, 3) = '000' then substr(region_code, 1, 9)
            else region_code
        end as known_part
    from placed
),

judged as (
    select
        region_code is not null
        and len(list_filter($codes, lambda code: starts_with(region_code, code))) > 0 as is_inside,
        region_code is not null
        and len(list_filter($codes, lambda code: starts_with(code, known_part))) = 0 as is_elsewhere
    from reached
)

select
    count(*) as all_rows,
    count(case when not is_inside and not is_elsewhere then 1 end) as unknown_rows,
    count(case when not is_inside and is_elsewhere then 1 end) as elsewhere_rows
from judged
