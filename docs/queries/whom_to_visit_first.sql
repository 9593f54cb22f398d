-- Whose door first? Suspected cases of illness poverty that wait for a visit, highest score on top.
SELECT
    cases.level,
    left(cases.region_code, 6) AS county,
    cases.tier,
    cases.burden_12m AS burden_yuan,
    round(cases.measure, 2) AS measure,
    cases.rule_ids,
    cases.first_flagged_on,
    round(ranked.score, 2) AS score
FROM hardship.suspected_illness_poverty AS cases
INNER JOIN orders.case_rank AS ranked ON cases.case_id = ranked.case_id
WHERE cases.status IN ('open', 'checking')
ORDER BY ranked.score DESC, cases.burden_12m DESC
LIMIT 6;
