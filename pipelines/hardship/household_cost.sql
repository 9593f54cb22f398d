-- What a household's living members, and those who died within the window, spent in 12 months.
with member as (
    select
        person.household_id,
        person.person_id
    from population.person as person
    left join population.death as death
        on person.person_id = death.person_id and not death.doubtful
    where
        person.household_id is not null
        and (person.alive or (death.died_on > $window_start and death.died_on <= $as_of))
),

medical_part as (
    select
        member.household_id,
        case when medical.person_id is null then 0 else medical.burden_all_12m end as burden_all,
        case when medical.person_id is null then 0 else medical.burden_in_scope_12m end
            as burden_in_scope,
        case
            when medical.person_id is null then 0
            else medical.burden_in_scope_inpatient_chronic_12m
        end as burden_inpatient_chronic
    from member
    left join hardship.person_medical as medical on member.person_id = medical.person_id
),

medical as (
    select
        household_id,
        case when count(burden_all) = count(*) then sum(burden_all) end as medical_burden_12m,
        case when count(burden_in_scope) = count(*) then sum(burden_in_scope) end
            as burden_in_scope_12m,
        case
            when count(burden_inpatient_chronic) = count(*) then sum(burden_inpatient_chronic)
        end as burden_in_scope_inpatient_chronic_12m
    from medical_part
    group by household_id
),

education_part as (
    select
        link.person_id,
        charge.amount_paid as amount
    from standard.education_charge as charge
    inner join linkage.person_ref as link on charge.person_ref = link.person_ref
    where charge.paid_on > $window_start and charge.paid_on <= $as_of
    union all
    select
        link.person_id,
        -help.amount as amount
    from standard.help as help
    inner join linkage.person_ref as link on help.person_ref = link.person_ref
    where
        help.kind = 'student_aid'
        and help.given_on > $window_start
        and help.given_on <= $as_of
),

education as (
    select
        member.household_id,
        case when count(part.amount) = count(*) then sum(part.amount) end as education_net_12m
    from member
    inner join education_part as part on member.person_id = part.person_id
    group by member.household_id
)

select
    medical.household_id,
    medical.medical_burden_12m,
    medical.burden_in_scope_12m,
    medical.burden_in_scope_inpatient_chronic_12m,
    case
        when education.household_id is null then 0
        when education.education_net_12m < 0 then 0
        else education.education_net_12m
    end as education_cost_12m
from medical
left join education on medical.household_id = education.household_id
