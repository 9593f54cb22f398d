-- What the registers say of each person, as far as a rule reads it.
with disability as (
    select
        member.person,
        min(case substr(roll.disability_level, 1, 1)
            when '一' then 1 when '二' then 2 when '三' then 3 when '四' then 4
            when '1' then 1 when '2' then 2 when '3' then 3 when '4' then 4 end) as grade,
        max(case when roll.labour_ability like '无%' or roll.labour_ability like '丧失%'
            then 1 else 0 end) as unable
    from assistance_member_newest as roll
    inner join certificate on roll.certificate_no = certificate.certificate_no
    inner join member
        on roll.certificate_no = member.group_no and member.evidence = 'certificate'
        and member.person = coalesce(roll.number, concat('named:', roll.certificate_no, roll.name))
    where certificate.is_current and roll.is_current
    group by member.person
),

severe as (
    select distinct psn.person
    from chronic_registration_newest as chronic
    inner join psn on chronic.psn_no = psn.psn_no
    where chronic.is_current
        and (chronic.disease_code in ('M00503', 'M01200', 'M08300')
            or chronic.disease_code like 'M078%' or chronic.disease_code like 'M0210%')
        and coalesce(chronic.begin_date, $as_of) <= $as_of
        and coalesce(chronic.end_date, $as_of) >= $as_of
),

employee as (
    select distinct psn.person
    from insured_person_newest as insured
    inner join psn on insured.psn_no = psn.psn_no
    where insured.is_current and insured.insurance_type = '310'
),

roll as (
    select pupil.person, max(case when student.is_orphan then 1 else 0 end) as is_orphan
    from student_newest as student
    inner join pupil on student.student_no = pupil.student_no
    where student.is_current
    group by pupil.person
)

select
    home.person,
    home.household,
    case when home.birth_date is not null
        then extract(year from $as_of) - extract(year from home.birth_date)
            - case when extract(month from $as_of) * 100 + extract(day from $as_of)
                < extract(month from home.birth_date) * 100 + extract(day from home.birth_date)
                then 1 else 0 end end as age,
    home.present,
    case disability.grade when 1 then '一' when 2 then '二' when 3 then '三' when 4 then '四' end
        as disability_level,
    coalesce(disability.unable, 0) = 1 as unable,
    severe.person is not null as severe_chronic,
    employee.person is not null as employee_insured,
    roll.person is not null as is_student,
    coalesce(roll.is_orphan, 0) = 1 as is_orphan
from home
left join disability on home.person = disability.person
left join severe on home.person = severe.person
left join employee on home.person = employee.person
left join roll on home.person = roll.person
where home.alive
