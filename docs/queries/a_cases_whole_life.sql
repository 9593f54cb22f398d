-- 一个个案的全过程：从引发预警的结算，到核查，再到回应它的救助。
-- A case's whole life: from the settlement that raised it, over the visits, to the payment that
-- answered it. Put a case id of yours in the first step; as it stands, it takes the case whose
-- household was helped most often since it was first flagged.
WITH chosen AS (
  SELECT c.case_id, c.household_id, c.first_flagged_on
  FROM hardship.case_file AS c
  LEFT JOIN assistance.event AS e
    ON e.household_id = c.household_id AND e.given_on >= c.first_flagged_on
  WHERE c.household_id IS NOT NULL
  GROUP BY c.case_id, c.household_id, c.first_flagged_on
  ORDER BY count(e.event_id) DESC, c.first_flagged_on, c.case_id
  LIMIT 1
),
-- what was spent in the year before, and what has been spent since
treatment AS (
  SELECT t.settled_on AS day, 1 AS place, 'settlement' AS step, t.care_class AS what,
         t.personal_burden AS amount, t.person_id,
         CASE WHEN t.settled_on = max(t.settled_on) FILTER (t.settled_on <= c.first_flagged_on) OVER ()
              THEN 'raised it' END AS note
  FROM chosen AS c JOIN assistance.treatment AS t USING (household_id)
  WHERE t.settled_on > c.first_flagged_on - INTERVAL 12 MONTH
),
life AS (
  SELECT e.occurred_on AS day, 2 AS place, e.event AS step, e.detail AS what,
         NULL AS amount, NULL AS person_id, NULL AS note
  FROM chosen JOIN hardship.case_event AS e USING (case_id)
),
help AS (
  SELECT e.given_on AS day, 3 AS place, 'help' AS step,
         coalesce(e.aid_type, e.kind) || ' · ' || e.department AS what,
         e.amount, e.person_id,
         CASE WHEN e.given_on >= c.first_flagged_on THEN 'since it was flagged' END AS note
  FROM chosen AS c JOIN assistance.event AS e USING (household_id)
  WHERE e.given_on > c.first_flagged_on - INTERVAL 12 MONTH
)
SELECT c.case_id, step.day, step.step, step.what, step.amount, step.person_id, step.note
FROM chosen AS c
CROSS JOIN (
  SELECT * FROM treatment UNION ALL SELECT * FROM life UNION ALL SELECT * FROM help
) AS step
ORDER BY step.day, step.place, step.what, step.person_id
