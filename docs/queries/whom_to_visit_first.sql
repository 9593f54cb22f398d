-- Whose door first? Open suspected cases of illness poverty, the most serious on top.
SELECT
    level,
    left(region_code, 6) AS county,
    tier,
    burden_12m AS burden_yuan,
    round(measure, 2) AS measure,
    rule_ids,
    first_flagged_on
FROM hardship.suspected_illness_poverty
WHERE status = 'open'
ORDER BY list_position(['red', 'orange', 'yellow'], level), burden_12m DESC
LIMIT 6;
