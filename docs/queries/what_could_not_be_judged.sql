-- How much did we not see? Rules that could not judge, why, and for how many.
SELECT
    rule_id,
    reason,
    coalesce(persons, households) AS could_not_be_judged,
    CASE WHEN persons IS NULL THEN 'households' ELSE 'persons' END AS of_what
FROM quality.not_judged
ORDER BY could_not_be_judged DESC, rule_id, reason
LIMIT 6;
