-- Tonight's figures of the whole city, behind those of the nights before.
with tonight as (
    select
        as_of,
        policy_version,
        coalesce(previous_night, as_of - interval 1 day) as night_before,
        households,
        monitored_persons,
        alerts,
        files_received,
        checks_failed
    from meta.run
),

person as (
    select count(case when alive then 1 end) as persons
    from population.person
),

change as (
    select
        count(case when change.change = 'entered' then 1 end) as entered,
        count(case when change.change = 'left' then 1 end) as gone,
        count(case when change.change = 'moved' then 1 end) as moved
    from population.change as change
    inner join tonight on change.as_of = tonight.as_of
),

cases as (
    select
        count(case when cases.status in ('open', 'checking') then 1 end) as open_cases,
        count(case when cases.status in ('open', 'checking') and cases.level = 'red' then 1 end) as red,
        count(case when cases.status in ('open', 'checking') and cases.level = 'orange' then 1 end)
        as orange,
        count(case when cases.status in ('open', 'checking') and cases.level = 'yellow' then 1 end)
        as yellow,
        count(case when cases.first_flagged_on > tonight.night_before then 1 end) as new_cases,
        count(case when cases.closed_on > tonight.night_before then 1 end) as closed_cases,
        count(cases.confirmed_on) as confirmed_cases
    from hardship.case_file as cases
    cross join tonight
),

line as (
    select count(case when is_overdue then 1 end) as overdue_rows
    from orders.order_line
),

gap as (
    select count(*) as gap_findings
    from assistance.gap
),

overlap as (
    select count(*) as overlap_findings
    from assistance.overlap
),

fresh as (
    select count(case when late then 1 end) as late_datasets
    from quality.freshness
),

aside as (
    select count(case when readmitted_on is null then 1 end) as rows_set_aside
    from quality.quarantine
)

select
    before.as_of,
    before.policy_version,
    before.persons,
    before.households,
    before.monitored_persons,
    before.entered,
    before.gone,
    before.moved,
    before.alerts,
    before.open_cases,
    before.red,
    before.orange,
    before.yellow,
    before.new_cases,
    before.closed_cases,
    before.confirmed_cases,
    before.overdue_rows,
    before.gap_findings,
    before.overlap_findings,
    before.late_datasets,
    before.files_received,
    before.rows_set_aside,
    before.checks_failed
from prev_meta.night_history as before
cross join tonight
where before.as_of < tonight.as_of

union all

select
    tonight.as_of,
    tonight.policy_version,
    person.persons,
    tonight.households,
    tonight.monitored_persons,
    change.entered,
    change.gone,
    change.moved,
    tonight.alerts,
    cases.open_cases,
    cases.red,
    cases.orange,
    cases.yellow,
    cases.new_cases,
    cases.closed_cases,
    cases.confirmed_cases,
    line.overdue_rows,
    gap.gap_findings,
    overlap.overlap_findings,
    fresh.late_datasets,
    tonight.files_received,
    aside.rows_set_aside,
    tonight.checks_failed
from tonight
cross join person
cross join change
cross join cases
cross join line
cross join gap
cross join overlap
cross join fresh
cross join aside
