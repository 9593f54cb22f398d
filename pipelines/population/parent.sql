-- Who is recorded somewhere as a person's father or mother: as guardian on this or an earlier
-- roll, or by relation to the same head. What an earlier night knew from a roll stays known.
with renamed as (
    select
        old_id,
        min(new_id) as new_id
    from linkage.person_id_change
    where change like 'merge%' and as_of = cast($as_of as date)
    group by old_id
),

guardian as (
    select
        pupil.person_id,
        guard.person_id as parent_id
    from standard.guardianship as claim
    inner join linkage.person_ref as pupil on claim.person_ref = pupil.person_ref
    inner join linkage.person_ref as guard on claim.guardian_ref = guard.person_ref
    where
        claim.relation in (
            '父', '母', '父母', '父亲', '母亲', '继父或养父', '继母或养母', '其他父母关系'
        )
),

-- a number that is two people's names nobody
numbered as (
    select
        id_number,
        min(person_id) as person_id
    from linkage.person_identity
    where id_number is not null
    group by id_number
    having count(*) = 1
),

earlier_guardian as (
    select
        pupil.person_id,
        numbered.person_id as parent_id
    from population.roll_parent as roll
    inner join linkage.person_ref as pupil on roll.person_ref = pupil.person_ref
    inner join numbered on roll.id_number = numbered.id_number
),

-- the row's relation to the head, as a kind: child, grandchild, parent, sibling, head, spouse
related as (
    select distinct
        claim.group_key,
        ref.person_id,
        case
            when claim.is_head or claim.relation in ('本人', '户主') then 'head'
            when claim.relation in ('配偶', '夫', '妻') then 'spouse'
            when
                claim.relation in (
                    '子', '独生子', '长子', '次子', '三子', '四子', '五子', '养子或继子', '其他儿子'
                )
                then 'son'
            when
                claim.relation in (
                    '女', '独生女', '长女', '次女', '三女', '四女', '五女', '养女或继女', '其他女儿'
                )
                then 'daughter'
            when claim.relation = '儿媳' then 'daughter_in_law'
            when claim.relation = '女婿' then 'son_in_law'
            when claim.relation in ('孙子', '孙女') then 'sons_child'
            when claim.relation in ('外孙子', '外孙女') then 'daughters_child'
            when claim.relation in ('孙子、孙女或外孙子、外孙女', '其他孙辈') then 'grandchild'
            when claim.relation in ('父母', '父', '母', '继父或养父', '继母或养母', '其他父母关系')
                then 'parent'
            when claim.relation in ('兄弟姐妹', '兄', '弟', '姐姐', '妹妹', '其他兄弟姐妹')
                then 'sibling'
        end as kind
    from standard.household_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
),

parent_kind as (
    select
        child_kind,
        kind
    from (
        values
        ('son', 'head'), ('son', 'spouse'), ('daughter', 'head'), ('daughter', 'spouse'),
        ('sons_child', 'son'), ('sons_child', 'daughter_in_law'),
        ('daughters_child', 'daughter'), ('daughters_child', 'son_in_law'),
        ('grandchild', 'son'), ('grandchild', 'daughter_in_law'),
        ('grandchild', 'daughter'), ('grandchild', 'son_in_law'),
        ('head', 'parent'), ('sibling', 'parent')
    ) as pairs (child_kind, kind)
),

relative as (
    select
        child.person_id,
        elder.person_id as parent_id
    from related as child
    inner join parent_kind on child.kind = parent_kind.child_kind
    inner join related as elder
        on child.group_key = elder.group_key and parent_kind.kind = elder.kind
    inner join population.person_attribute as child_fact on child.person_id = child_fact.person_id
    inner join population.person_attribute as elder_fact on elder.person_id = elder_fact.person_id
    where
        child_fact.age < 18
        and coalesce(elder_fact.birth_date < child_fact.birth_date, true)
),

recorded as (
    select
        person_id,
        parent_id,
        'roll' as evidence
    from guardian
    union
    select
        person_id,
        parent_id,
        'roll' as evidence
    from earlier_guardian
    union
    select
        person_id,
        parent_id,
        'relation' as evidence
    from relative
    union
    select
        coalesce(child.new_id, before.person_id) as person_id,
        coalesce(elder.new_id, before.parent_id) as parent_id,
        'roll' as evidence
    from prev_population.parent as before
    left join renamed as child on before.person_id = child.old_id
    left join renamed as elder on before.parent_id = elder.old_id
    where before.evidence = 'roll'
)

select
    recorded.person_id,
    recorded.parent_id,
    max(recorded.evidence) as evidence
from recorded
inner join households.life as child on recorded.person_id = child.person_id
inner join households.life as elder on recorded.parent_id = elder.person_id
where recorded.person_id <> recorded.parent_id
group by recorded.person_id, recorded.parent_id
