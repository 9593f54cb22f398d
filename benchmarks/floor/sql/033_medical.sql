-- A person's twelve months; a sum with an unknown part is unknown.
with settled as (
    select
        person,
        case when count(personal_burden) = count(*) then sum(personal_burden) end as burden_all,
        case when count(in_scope_burden) = count(*) then sum(in_scope_burden) end as in_scope,
        coalesce(sum(in_scope_burden), 0) as in_scope_known,
        case when count(medical_aid) = count(*) then sum(medical_aid) end as aid
    from spending
    where settled_at > $window_start
    group by person
),

someone as (
    select person from settled
    union
    select person from later_aid
)

select
    someone.person,
    greatest(case when settled.person is null then 0 else settled.burden_all end
        - coalesce(later_aid.later_aid, 0), 0) as burden_all_12m,
    greatest(case when settled.person is null then 0 else settled.in_scope end
        - coalesce(later_aid.later_aid, 0), 0) as burden_in_scope_12m,
    greatest(coalesce(settled.in_scope_known, 0) - coalesce(later_aid.later_aid, 0), 0)
        as burden_in_scope_known_12m,
    case when settled.person is null then 0 else settled.aid end
        + coalesce(later_aid.later_aid, 0) as medical_aid_12m,
    settled.person is not null and settled.burden_all is null as all_unknown,
    settled.person is not null and settled.in_scope is null as in_scope_unknown
from someone
left join settled on someone.person = settled.person
left join later_aid on someone.person = later_aid.person
