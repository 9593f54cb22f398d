-- Cases that wait, by list and level, and what came and went since the night before.
select
    cases.list,
    count(case when cases.status in ('open', 'checking') and cases.level = 'red' then 1 end) as red,
    count(case when cases.status in ('open', 'checking') and cases.level = 'orange' then 1 end) as orange,
    count(case when cases.status in ('open', 'checking') and cases.level = 'yellow' then 1 end) as yellow,
    count(
        case
            when cases.first_flagged_on > coalesce(run.previous_night, run.as_of - interval 1 day) then 1
        end
    ) as new_cases,
    count(
        case when cases.closed_on > coalesce(run.previous_night, run.as_of - interval 1 day) then 1 end
    ) as closed_cases
from hardship.case_file as cases
cross join meta.run as run
group by cases.list
order by cases.list
