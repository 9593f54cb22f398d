-- The township of a region code, 9 digits; NULL where the code does not reach one.
select case when substr(region, 7, 3) <> '000' then substr(region, 1, 9) end as township_code
