-- What ties people together tonight: memberships not set aside, and, for a pupil whom no group
-- joins to anyone living, the first recorded guardian alive, present and known elsewhere.
with kept as (
    select
        member.group_key,
        member.person_id,
        member.evidence,
        member.relation,
        member.is_head,
        member.first_seen_on,
        member.since,
        life.alive
    from households.group_member as member
    inner join households.life as life on member.person_id = life.person_id
    left join households.set_aside as aside
        on member.person_id = aside.person_id and member.group_key = aside.group_key
    where aside.person_id is null
),

shared_group as (
    select group_key
    from kept
    where alive
    group by group_key
    having count(*) > 1
),

joined_person as (
    select distinct kept.person_id
    from kept
    inner join shared_group on kept.group_key = shared_group.group_key
    where kept.alive
),

guardian as (
    select
        pupil.person_id,
        guard.person_id as guardian_id,
        claim.extract_date,
        row_number() over (
            partition by pupil.person_id
            order by claim.extract_date desc, claim.ordinal asc, guard.person_id asc
        ) as place
    from standard.guardianship as claim
    inner join linkage.person_ref as pupil on claim.person_ref = pupil.person_ref
    inner join linkage.person_ref as guard on claim.guardian_ref = guard.person_ref
    inner join households.life as pupil_life on pupil.person_id = pupil_life.person_id
    inner join households.life as guard_life on guard.person_id = guard_life.person_id
    left join joined_person on pupil.person_id = joined_person.person_id
    where
        claim.is_current
        and joined_person.person_id is null
        and pupil.person_id <> guard.person_id
        and pupil_life.alive
        and guard_life.alive
        and guard_life.present
        and exists (
            select 1
            from linkage.mention_link as link
            where
                link.person_id = guard.person_id
                and not (link.source = claim.source and link.dataset = claim.dataset)
        )
),

ward as (
    select
        person_id,
        guardian_id,
        extract_date
    from guardian
    where place = 1
)

select
    group_key,
    person_id,
    evidence,
    relation,
    is_head,
    first_seen_on,
    since
from kept
union all
select
    concat('guardian:', guardian_id) as group_key,
    person_id,
    'guardian' as evidence,
    cast(null as varchar) as relation,
    false as is_head,
    extract_date as first_seen_on,
    extract_date as since
from ward
union all
select
    concat('guardian:', guardian_id) as group_key,
    guardian_id as person_id,
    'guardian' as evidence,
    cast(null as varchar) as relation,
    true as is_head,
    min(extract_date) as first_seen_on,
    min(extract_date) as since
from ward
group by guardian_id
