-- One row per household: living members and what the composition rests on. Evidence that joins
-- living people goes before evidence that names one of them only.
with tie as (
    select
        tie.group_key,
        tie.evidence,
        member.household_id,
        sum(case when life.alive then 1 else 0 end) as living_members
    from households.tie as tie
    inner join households.member as member on tie.person_id = member.person_id
    inner join households.life as life on tie.person_id = life.person_id
    group by tie.group_key, tie.evidence, member.household_id
),

strongest as (
    select
        household_id,
        evidence,
        row_number() over (
            partition by household_id
            order by
                case when living_members > 1 then 0 else 1 end asc,
                case evidence
                    when 'register' then 1 when 'roster' then 2 when 'certificate' then 3
                    when 'family' then 4 else 5
                end asc,
                group_key asc
        ) as place
    from tie
),

counted as (
    select
        member.household_id,
        min(member.id_since) as id_since,
        sum(case when life.alive then 1 else 0 end) as size,
        count(*) as known_members
    from households.member as member
    inner join households.life as life on member.person_id = life.person_id
    group by member.household_id
)

select
    counted.household_id,
    counted.size,
    counted.known_members,
    coalesce(strongest.evidence, 'alone') as composition_evidence,
    counted.id_since
from counted
left join strongest on counted.household_id = strongest.household_id and strongest.place = 1
