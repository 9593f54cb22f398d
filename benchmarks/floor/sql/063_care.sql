-- Minors with recorded guardians or parents of whom none is alive and present.
with parent as (
    select person, guardian as parent
    from guardian
    where relation in ('父', '母', '父母', '父亲', '母亲', '爸爸', '妈妈', '继父', '养父', '继母',
        '养母', '继父或养父', '继母或养母', '5', '50', '51', '52', '57', '58', '59')
    union
    select child.person, elder.person as parent
    from member as child
    inner join member as elder
        on child.evidence = elder.evidence and child.group_no = elder.group_no
    where child.person <> elder.person
        and (
            (
                (child.relation like '%子' or child.relation like '%女')
                and not child.relation like '%孙%'
                and elder.relation in ('户主', '本人', '配偶', '夫', '妻', '01', '02', '10', '11', '12')
            )
            or (child.relation in ('孙子', '孙女', '41', '42')
                and elder.relation in ('子', '儿子', '长子', '次子', '儿媳', '20', '22', '23', '38'))
        )
),

parents as (
    select parent.person,
        max(case when life.alive and life.present then 1 else 0 end) as some_there
    from parent
    inner join life on parent.parent = life.person
    group by parent.person
),

guardians as (
    select guardian.person,
        max(case when life.alive and life.present then 1 else 0 end) as some_there
    from guardian
    inner join life on guardian.guardian = life.person
    where guardian.is_current
    group by guardian.person
)

select
    attribute.person,
    attribute.is_student and (attribute.is_orphan or coalesce(guardians.some_there, 1) = 0)
        as without_guardian,
    attribute.is_orphan or coalesce(parents.some_there, 1) = 0 as without_parent
from attribute
left join guardians on attribute.person = guardians.person
left join parents on attribute.person = parents.person
where attribute.age < 18
