-- What became of the cases that each rule in force flagged, and whom it could not judge.
with fired as (
    select
        rule_id,
        count(*) as alerts
    from hardship.alert
    group by rule_id
),

unjudged as (
    select
        rule_id,
        sum(coalesce(persons, households)) as not_judged
    from quality.not_judged
    group by rule_id
)

select
    rule.rule_id,
    rule.title_zh,
    rule.title_en,
    rule.grain,
    rule.rests_on_assumption,
    coalesce(fired.alerts, 0) as alerts,
    coalesce(outcome.flagged, 0) as flagged,
    coalesce(outcome.checked, 0) as checked,
    coalesce(outcome.confirmed, 0) as confirmed,
    cast(coalesce(unjudged.not_judged, 0) as bigint) as not_judged
from meta.rule as rule
left join fired on rule.rule_id = fired.rule_id
left join quality.rule_yield as outcome on rule.rule_id = outcome.rule_id
left join unjudged on rule.rule_id = unjudged.rule_id
where rule.in_force
order by flagged desc, alerts desc, rule.rule_id
