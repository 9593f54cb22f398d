-- Reports from the field of 90 days that name one of the people.
select
    ref.person_id, report.reported_on as on_day, report.source, report.dataset,
    report.delivery_id, report.row_number
from standard.field_report as report
inner join linkage.person_ref as ref on report.mention_key = ref.person_ref
where list_contains($people, ref.person_id)
    and report.reported_on > cast($as_of as date) - 90
    and report.reported_on <= cast($as_of as date)
