-- Who belongs to which group; a pupil in none with anybody else joins the first living guardian.
with named as (
    select psn.person, concat('family:', insured.family_no) as group_key
    from insured_person_newest as insured
    inner join psn on insured.psn_no = psn.psn_no
    where insured.is_current and insured.family_no is not null
    union
    select person, concat('roster:', group_no) as group_key
    from member
    where evidence = 'roster' and is_current
    union
    select member.person, concat('certificate:', member.group_no) as group_key
    from member
    inner join certificate on member.group_no = certificate.certificate_no
    where member.evidence = 'certificate' and (member.is_current or not certificate.is_current)
        and coalesce(certificate.valid_from, $as_of) <= $as_of
    union
    select head as person, concat('certificate:', certificate_no) as group_key
    from certificate
    where head is not null and coalesce(valid_from, $as_of) <= $as_of
),

shared as (
    select named.group_key
    from named
    inner join life on named.person = life.person
    where life.alive
    group by named.group_key
    having count(*) > 1
),

joined as (
    select distinct named.person
    from named
    inner join shared on named.group_key = shared.group_key
),

elsewhere as (
    select person from psn
    union
    select person from member
    union
    select head as person from certificate
),

ward as (
    select
        guardian.person,
        guardian.guardian,
        row_number() over (partition by guardian.person order by guardian.place) as choice
    from guardian
    inner join life as pupil_life on guardian.person = pupil_life.person
    inner join life as guard_life on guardian.guardian = guard_life.person
    inner join elsewhere on guardian.guardian = elsewhere.person
    left join joined on guardian.person = joined.person
    where guardian.is_current and joined.person is null and pupil_life.alive
        and guard_life.alive and guard_life.present and guardian.person <> guardian.guardian
)

select person, group_key from named
union
select person, concat('guardian:', guardian) as group_key from ward where choice = 1
union
select guardian as person, concat('guardian:', guardian) as group_key from ward where choice = 1
