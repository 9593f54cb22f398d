-- A rule: how often it fired tonight, what became of its cases, and whom it could not judge.
with fired as (
    select
        rule_id,
        count(*) as alerts,
        count(case when level = 'red' then 1 end) as red,
        count(case when level = 'orange' then 1 end) as orange,
        count(case when level = 'yellow' then 1 end) as yellow
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
    rule.list,
    coalesce(fired.alerts, 0) as alerts,
    coalesce(fired.red, 0) as red,
    coalesce(fired.orange, 0) as orange,
    coalesce(fired.yellow, 0) as yellow,
    coalesce(outcome.flagged, 0) as flagged,
    coalesce(outcome.checked, 0) as checked,
    coalesce(outcome.confirmed, 0) as confirmed,
    outcome.yield,
    case when unjudged.rule_id is null then 0 else cast(unjudged.not_judged as bigint) end
    as not_judged,
    rule.rests_on_assumption
from meta.rule as rule
left join fired on rule.rule_id = fired.rule_id
left join quality.rule_yield as outcome on rule.rule_id = outcome.rule_id
left join unjudged on rule.rule_id = unjudged.rule_id
where rule.in_force
