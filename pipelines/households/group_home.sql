-- One row per group: the household that it lives on in (all ties of a group are in one).
with tie as (
    select
        tie.group_key,
        min(tie.evidence) as evidence,
        min(member.household_id) as household_id
    from households.tie as tie
    inner join households.member as member on tie.person_id = member.person_id
    group by tie.group_key
)

select
    tie.group_key,
    tie.evidence,
    tie.household_id,
    held.ended_on,
    held.first_seen_on
from tie
left join households.household_group as held on tie.group_key = held.group_key
