-- Ids of persons and households that merged or split, night by night; tonight's come last.
select
    as_of,
    kind,
    old_id,
    new_id,
    change,
    reason
from prev_population.id_change
where as_of < cast($as_of as date)
union all
select
    as_of,
    kind,
    old_id,
    new_id,
    change,
    reason
from linkage.person_id_change
where as_of = cast($as_of as date)
union all
select
    as_of,
    kind,
    old_id,
    new_id,
    change,
    reason
from households.id_change
where as_of = cast($as_of as date)
