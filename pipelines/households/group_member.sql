-- Who belongs to which group tonight: register, roster and family number of the newest snapshots,
-- certificates in force with their head, and ended certificates until newer evidence parts them.
with claim as (
    select
        ref.person_id,
        claim.group_key,
        claim.evidence,
        claim.relation,
        coalesce(claim.is_head, false) as is_head,
        claim.since,
        coalesce(seen.first_seen_on, claim.first_seen_on) as first_seen_on,
        coalesce(claim.until, date '9999-12-31') as until,
        claim.address,
        claim.is_current,
        claim.extract_date
    from standard.household_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    left join households.group_seen as seen
        on
            claim.source = seen.source
            and claim.dataset = seen.dataset
            and claim.record_key = seen.record_key
            and claim.group_key = seen.group_key
    where claim.group_key is not null
),

-- one row per person and group
membership as (
    select
        group_key,
        person_id,
        min(evidence) as evidence,
        arg_max(relation, cast(extract_date as varchar) || relation) as relation,
        bool_or(is_head) as is_head,
        min(first_seen_on) as first_seen_on,
        min(coalesce(since, first_seen_on)) as since,
        max(until) as until,
        arg_max(address, cast(extract_date as varchar) || address) as address,
        bool_or(is_current) as is_current
    from claim
    group by group_key, person_id
),

last_until as (
    select
        group_key,
        max(until) as until
    from membership
    group by group_key
),

-- certificates: one row each
certificate as (
    select
        group_key,
        max(coalesce(valid_to, date '9999-12-31')) as ended_on
    from standard.tier_grant
    where coalesce(valid_from, date '0001-01-01') <= cast($as_of as date)
    group by group_key
),

candidate as (
    select
        membership.group_key,
        membership.person_id,
        membership.evidence,
        membership.relation,
        membership.is_head,
        membership.first_seen_on,
        membership.since,
        membership.address,
        case
            when certificate.ended_on <= cast($as_of as date) then certificate.ended_on
        end as ended_on
    from membership
    inner join last_until on membership.group_key = last_until.group_key
    left join certificate on membership.group_key = certificate.group_key
    where
        case
            when membership.evidence <> 'certificate' then membership.is_current
            when certificate.ended_on is null then false
            when certificate.ended_on > cast($as_of as date)
                then membership.is_current and membership.until > cast($as_of as date)
            -- the last composition that an ended certificate had
            else membership.until >= least(certificate.ended_on, last_until.until)
        end
),

living as (
    select
        candidate.group_key,
        candidate.person_id,
        candidate.ended_on,
        candidate.first_seen_on
    from candidate
    inner join households.life as life on candidate.person_id = life.person_id
    where life.alive
),

-- what a member of an ended certificate is named by since it ended
newer as (
    select
        ended.group_key as certificate_key,
        ended.person_id,
        fresh.group_key as group_key,
        fresh.first_seen_on,
        count(*) over (partition by ended.group_key, fresh.group_key) as companions
    from living as ended
    inner join living as fresh
        on
            ended.person_id = fresh.person_id
            and fresh.ended_on is null
            and ended.ended_on <= fresh.first_seen_on
    where ended.ended_on is not null
),

newest as (
    select
        certificate_key,
        person_id,
        group_key,
        row_number() over (
            partition by certificate_key, person_id
            order by companions desc, first_seen_on desc, group_key asc
        ) as place
    from newer
),

-- the part of each ended certificate that every member has come to belong to ('' = none newer)
part_member as (
    select
        living.group_key as certificate_key,
        living.person_id,
        coalesce(newest.group_key, '') as part_key
    from living
    left join newest
        on
            living.group_key = newest.certificate_key
            and living.person_id = newest.person_id
            and newest.place = 1
    where living.ended_on is not null
),

stranger as (
    select distinct
        part_member.certificate_key,
        part_member.part_key
    from part_member
    inner join living as companion on part_member.part_key = companion.group_key
    left join part_member as fellow
        on
            part_member.certificate_key = fellow.certificate_key
            and companion.person_id = fellow.person_id
    where fellow.person_id is null
),

part as (
    select
        part_member.certificate_key,
        part_member.part_key,
        count(*) as members,
        bool_or(stranger.part_key is not null) as reaches_out
    from part_member
    left join stranger
        on
            part_member.certificate_key = stranger.certificate_key
            and part_member.part_key = stranger.part_key
    group by part_member.certificate_key, part_member.part_key
),

-- the part that keeps the certificate's household: the largest, in doubt those who stayed
home as (
    select
        certificate_key,
        part_key,
        sum(case when part_key <> '' then 1 else 0 end) over (partition by certificate_key)
            as newer_parts,
        bool_or(reaches_out) over (partition by certificate_key) as some_reach_out,
        row_number() over (
            partition by certificate_key order by members desc, part_key asc
        ) as place
    from part
),

parted as (
    select
        part_member.certificate_key as group_key,
        part_member.person_id
    from part_member
    inner join home on part_member.certificate_key = home.certificate_key and home.place = 1
    where
        part_member.part_key <> ''
        and part_member.part_key <> home.part_key
        and (home.newer_parts > 1 or home.some_reach_out)
    union
    -- an ended certificate gives way to one that ended later and names others too
    select
        earlier.group_key,
        earlier.person_id
    from living as earlier
    inner join living as later
        on earlier.person_id = later.person_id and earlier.ended_on < later.ended_on
    inner join living as companion on later.group_key = companion.group_key
    left join living as fellow
        on earlier.group_key = fellow.group_key and companion.person_id = fellow.person_id
    where fellow.person_id is null
)

select
    candidate.group_key,
    candidate.person_id,
    candidate.evidence,
    candidate.relation,
    candidate.is_head,
    candidate.first_seen_on,
    candidate.since,
    candidate.ended_on,
    nullif(replace(replace(candidate.address, ' ', ''), '　', ''), '') as address
from candidate
left join parted
    on candidate.group_key = parted.group_key and candidate.person_id = parted.person_id
where parted.person_id is null
