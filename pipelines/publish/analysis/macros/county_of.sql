-- The county of a region code, 6 digits.
select substr(region, 1, 6) as county_code
