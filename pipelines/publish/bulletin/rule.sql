-- What became of the cases that each rule in force flagged, and whom it could not judge.
select
    rule_id,
    title_zh,
    title_en,
    grain,
    rests_on_assumption,
    alerts,
    flagged,
    checked,
    confirmed,
    not_judged
from analysis.rule_result
order by flagged desc, alerts desc, rule_id
