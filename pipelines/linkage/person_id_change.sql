-- Ids that ended in another (merged) or of which a part became another (split), up to this night.
with before as (
    select mention_key, person_id
    from prev_linkage.mention_link
),

-- a record that names somebody else tonight says nothing of who had it
reassigned as (
    select mention_key
    from linkage.reassigned_mention
    where as_of = cast($as_of as date)
),

moved as (
    select
        before.person_id as old_id,
        mention_link.person_id as new_id,
        row_number() over (
            partition by before.person_id
            order by count(*) desc, mention_link.person_id asc
        ) as place
    from before
    inner join linkage.mention_link on mention_link.mention_key = before.mention_key
    left join reassigned on reassigned.mention_key = before.mention_key
    where before.person_id <> mention_link.person_id and reassigned.mention_key is null
    group by before.person_id, mention_link.person_id
),

still_used as (
    select distinct person_id
    from linkage.mention_link
),

tonight as (
    select
        cast($as_of as date) as as_of,
        'person' as kind,
        moved.old_id,
        moved.new_id,
        -- an id ends in one other, whoever else some of its records are now
        case
            when still_used.person_id is null and moved.place = 1 then 'merged' else 'split'
        end as change,
        case
            when still_used.person_id is null and moved.place = 1
                then 'records of both are one person; the older id stays'
            else 'some records of this id are another person'
        end as reason
    from moved
    left join still_used on still_used.person_id = moved.old_id
)

select as_of, kind, old_id, new_id, change, reason
from prev_linkage.person_id_change
union all
select as_of, kind, old_id, new_id, change, reason
from tonight
