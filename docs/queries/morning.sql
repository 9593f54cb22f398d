-- 晨间一览：数据是否可信，昨夜有何变化，今天先去哪里。
-- A morning's look, for the command line: duckdb -readonly monitoring.duckdb < morning.sql
SELECT as_of, previous_night, policy_version, checks_failed FROM meta.run;

-- Can it be trusted?
SELECT problem, subject, amount, since FROM analysis.data_problem ORDER BY problem, subject;

-- What changed?
SELECT * EXCLUDE (rows_set_aside, checks_failed) FROM analysis.night_change ORDER BY as_of DESC LIMIT 7;

-- Where to, first?
SELECT level, county_name, township_name, tier, burden_12m, days_open, due_on, case_id
FROM analysis.open_case
ORDER BY level_rank, score DESC, case_id
LIMIT 10;

-- What would a table for others look like? Small numbers are hidden.
SELECT county_name, analysis.small_hidden(sum(cases)::BIGINT) AS cases
FROM analysis.case_count
WHERE status IN ('open', 'checking')
GROUP BY county_name
ORDER BY county_name;
