-- Field reports of the last 90 days, each with the person whom it names.
select
    report.report_id,
    link.person_id,
    report.reported_on
from standard.field_report as report
inner join linkage.person_ref as link on report.mention_key = link.person_ref
where report.reported_on > $reports_after and report.reported_on <= $as_of
