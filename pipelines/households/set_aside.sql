-- A person named by two groups that cannot be one household moves to the one first seen later;
-- the membership that was set aside is kept here. Cannot be one: each has a living member whom
-- the other lacks, and they name different addresses or different family numbers.
with shared as (
    select
        earlier.group_key as left_key,
        later.group_key as right_key,
        earlier.person_id,
        life.alive
    from households.group_member as earlier
    inner join households.group_member as later
        on earlier.person_id = later.person_id and earlier.group_key < later.group_key
    inner join households.life as life on earlier.person_id = life.person_id
),

pair as (
    select
        left_key,
        right_key,
        sum(case when alive then 1 else 0 end) as living_shared
    from shared
    group by left_key, right_key
),

apart as (
    select
        pair.left_key,
        pair.right_key,
        case
            when a.evidence = b.evidence and a.evidence in ('family', 'register', 'roster')
                then 'different_family_number'
            else 'different_address'
        end as reason
    from pair
    inner join households.household_group as a on pair.left_key = a.group_key
    inner join households.household_group as b on pair.right_key = b.group_key
    where
        a.living_members > pair.living_shared
        and b.living_members > pair.living_shared
        and (
            (a.evidence = b.evidence and a.evidence in ('family', 'register', 'roster'))
            or (
                not contains(a.address, b.address)
                and not contains(b.address, a.address)
            )
        )
),

-- the order in which the groups of one person prevail, 1 = first seen on the latest date
standing as (
    select
        member.person_id,
        member.group_key,
        row_number() over (
            partition by member.person_id
            order by
                held.first_seen_on desc,
                member.first_seen_on desc,
                case when held.ended_on is null then 0 else 1 end asc,
                case held.evidence
                    when 'register' then 1 when 'certificate' then 2 when 'roster' then 3 else 4
                end asc,
                member.group_key asc
        ) as place
    from households.group_member as member
    inner join households.household_group as held on member.group_key = held.group_key
),

rivalry as (
    select
        shared.person_id,
        case when a.place < b.place then b.group_key else a.group_key end as group_key,
        case when a.place < b.place then a.group_key else b.group_key end as rival_key,
        least(a.place, b.place) as rival_place,
        apart.reason
    from shared
    inner join apart on shared.left_key = apart.left_key and shared.right_key = apart.right_key
    inner join standing as a
        on shared.person_id = a.person_id and shared.left_key = a.group_key
    inner join standing as b
        on shared.person_id = b.person_id and shared.right_key = b.group_key
),

-- a third, older group must not tie the person to those just left behind
follower as (
    select distinct
        rivalry.person_id,
        third.group_key,
        rivalry.rival_key,
        rivalry.rival_place,
        'follows' as reason
    from rivalry
    inner join standing as third
        on
            rivalry.person_id = third.person_id
            and rivalry.rival_place < third.place
            and rivalry.group_key <> third.group_key
    inner join households.group_member as fellow
        on third.group_key = fellow.group_key and rivalry.person_id <> fellow.person_id
    inner join households.group_member as behind
        on rivalry.group_key = behind.group_key and fellow.person_id = behind.person_id
    left join households.group_member as ahead
        on rivalry.rival_key = ahead.group_key and fellow.person_id = ahead.person_id
    where ahead.person_id is null
),

contest as (
    select
        person_id,
        group_key,
        rival_key,
        rival_place,
        reason
    from rivalry
    union all
    select
        person_id,
        group_key,
        rival_key,
        rival_place,
        reason
    from follower
),

loser as (
    select distinct
        person_id,
        group_key
    from contest
),

-- beaten by a group that nobody beats
beaten as (
    select distinct
        contest.person_id,
        contest.group_key
    from contest
    left join loser
        on contest.person_id = loser.person_id and contest.rival_key = loser.group_key
    where loser.person_id is null
),

-- a rival that is itself beaten drives nobody out
outcome as (
    select
        contest.person_id,
        contest.group_key,
        contest.rival_key,
        contest.reason,
        row_number() over (
            partition by contest.person_id, contest.group_key
            order by contest.rival_place asc, contest.reason asc
        ) as place
    from contest
    left join beaten
        on contest.person_id = beaten.person_id and contest.rival_key = beaten.group_key
    where beaten.person_id is null
)

select
    outcome.person_id,
    outcome.group_key,
    outcome.rival_key as kept_group_key,
    outcome.reason,
    coalesce(before.set_aside_on, cast($as_of as date)) as set_aside_on
from outcome
left join prev_households.set_aside as before
    on outcome.person_id = before.person_id and outcome.group_key = before.group_key
where outcome.place = 1
