-- Field reports of 90 days by household.
select home.household, count(distinct report.report_id) as reports
from field_report_newest as report
inner join home on report.number = home.person
where report.reported_on > cast($as_of - interval 90 day as date)
    and report.reported_on <= $as_of
group by home.household
