-- The list of suspected illness-caused poverty: cases open or closed.
select
    case_id,
    person_id,
    household_id,
    region_code,
    tier,
    level,
    rule_ids,
    burden_12m,
    measure,
    identity_confidence,
    first_flagged_on,
    last_flagged_on,
    status,
    reason_zh,
    reason_en,
    suggest
from hardship.case_file
where list = 'suspected_illness_poverty'
