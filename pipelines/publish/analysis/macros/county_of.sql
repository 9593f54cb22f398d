-- The county of a region code, 6 digits.
substr(region, 1, 6)
