-- One row per person: the household, what places the person in it, and since when.
with best_tie as (
    select
        person_id,
        evidence,
        row_number() over (
            partition by person_id
            order by
                case evidence
                    when 'register' then 1 when 'roster' then 2 when 'certificate' then 3
                    when 'family' then 4 else 5
                end asc,
                first_seen_on desc,
                group_key asc
        ) as place
    from households.tie
),

related as (
    select
        person_id,
        relation,
        row_number() over (
            partition by person_id
            order by
                case evidence
                    when 'register' then 1 when 'certificate' then 2 when 'roster' then 3 else 4
                end asc,
                first_seen_on desc,
                group_key asc
        ) as place
    from households.tie
    where relation is not null
),

seen as (
    select
        person_id,
        min(since) as since
    from households.tie
    group by person_id
)

select
    keyed.household_id,
    component.person_id,
    related.relation,
    coalesce(before.since, seen.since, cast($as_of as date)) as since,
    coalesce(best_tie.evidence, 'alone') as evidence,
    keyed.id_since
from households.component as component
inner join households.household_key as keyed on component.component = keyed.component
left join best_tie on component.person_id = best_tie.person_id and best_tie.place = 1
left join related on component.person_id = related.person_id and related.place = 1
left join seen on component.person_id = seen.person_id
left join prev_households.member as before
    on component.person_id = before.person_id and keyed.household_id = before.household_id
