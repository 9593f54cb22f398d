-- Cases that wait for somebody, with where they are and how urgent they are.
select
    cases.case_id,
    cases.list,
    cases.level,
    case cases.level when 'red' then 1 when 'orange' then 2 else 3 end as level_rank,
    cases.status,
    cases.household_id,
    cases.person_id,
    cases.region_code,
    place.county_name,
    place.township_name,
    cases.tier,
    cases.burden_12m,
    cases.measure,
    cases.identity_confidence,
    cases.first_flagged_on,
    cast(run.as_of - cases.first_flagged_on as integer) as days_open,
    ranked.score,
    line.due_on,
    coalesce(line.is_overdue, false) as is_overdue,
    cases.rule_ids,
    cases.reason_zh,
    cases.reason_en,
    cases.suggest
from hardship.case_file as cases
cross join meta.run as run
left join orders.case_rank as ranked on cases.case_id = ranked.case_id
left join orders.order_line as line
    on cases.case_id = line.case_id and line.kind = 'visit' and line.state = 'open'
left join analysis.place as place on cases.region_code = place.region_code
where cases.status in ('open', 'checking')
