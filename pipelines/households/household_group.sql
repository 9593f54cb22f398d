-- One row per group that holds tonight: when it was first seen, its address, its living members.
with address as (
    select
        group_key,
        address,
        row_number() over (
            partition by group_key order by bool_or(is_head) desc, count(*) desc, address asc
        ) as place
    from households.group_member
    where address is not null
    group by group_key, address
),

held as (
    select
        member.group_key,
        min(member.evidence) as evidence,
        min(member.first_seen_on) as first_seen_on,
        max(member.ended_on) as ended_on,
        sum(case when life.alive then 1 else 0 end) as living_members
    from households.group_member as member
    inner join households.life as life on member.person_id = life.person_id
    group by member.group_key
)

select
    held.group_key,
    held.evidence,
    held.first_seen_on,
    held.ended_on,
    held.living_members,
    address.address
from held
left join address on held.group_key = address.group_key and address.place = 1
