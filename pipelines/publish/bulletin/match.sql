-- Matching in figures by group of people, all registers together.
select
    subgroup,
    cast(sum(rows) as bigint) as mentions,
    cast(sum(linked_by_id) as bigint) as linked_by_id,
    cast(sum(linked_by_probability) as bigint) as linked_by_probability,
    cast(sum(unlinked) as bigint) as unlinked,
    cast(sum(in_review) as bigint) as in_review,
    sum(estimated_missed_match_rate * rows)
    / nullif(sum(case when estimated_missed_match_rate is not null then rows end), 0) as missed,
    sum(estimated_false_match_rate * rows)
    / nullif(sum(case when estimated_false_match_rate is not null then rows end), 0) as mistaken
from quality.match_report
group by subgroup
order by case when subgroup = 'all' then 0 else 1 end, mentions desc, subgroup
