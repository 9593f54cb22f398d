-- What the newest rows say of each person, one row per person. Of several grades of disability
-- the most severe, of other several values the newest; a mark counts where any row sets it.
with claim as (
    select
        coalesce(redirect.person_id, ref.person_id) as person_id,
        claim.attribute,
        claim.value,
        claim.extract_date
    from standard.attribute_claim as claim
    left join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    left join linkage.redirect as redirect
        on concat(claim.source, '/', claim.dataset, ':', claim.record_key) = redirect.row_ref
    where
        claim.is_current
        and coalesce(claim.valid_from, date '0001-01-01') <= cast($as_of as date)
        and coalesce(claim.valid_to, date '9999-12-31') > cast($as_of as date)
),

newest as (
    select
        person_id,
        attribute,
        value,
        row_number() over (
            partition by person_id, attribute order by extract_date desc, value desc
        ) as place
    from claim
    where attribute in ('labour_ability', 'health', 'student_stage', 'school_code')
),

newest_value as (
    select
        person_id,
        max(case when attribute = 'labour_ability' then value end) as labour_ability,
        max(case when attribute = 'health' then value end) as health,
        max(case when attribute = 'student_stage' then value end) as stage,
        max(case when attribute = 'school_code' then value end) as school_code
    from newest
    where place = 1
    group by person_id
),

mark as (
    select
        person_id,
        min(
            case
                when attribute = 'disability_level'
                    then case substr(value, 1, 1)
                        when '一' then 1 when '二' then 2 when '三' then 3 when '四' then 4
                        when '1' then 1 when '2' then 2 when '3' then 3 when '4' then 4
                    end
            end
        ) as disability_grade,
        bool_or(attribute = 'is_orphan' and value in ('true', '1', '是')) as is_orphan,
        bool_or(attribute = 'left_behind' and value not in ('false', '0', '否')) as left_behind,
        bool_or(attribute = 'former_poor' and value in ('true', '1', '是')) as former_poor,
        bool_or(attribute = 'employee_insured' and value in ('true', '1', '是'))
            as employee_insured
    from claim
    group by person_id
),

severe as (
    select distinct claim.person_id
    from claim
    inner join population.severe_code as code
        on
            claim.value = code.code_begins
            or (code.is_pattern and starts_with(claim.value, code.code_begins))
    where claim.attribute = 'chronic_code'
),

pupil as (
    select distinct link.person_id
    from standard.mention as mention
    inner join linkage.mention_link as link on mention.mention_key = link.mention_key
    where mention.register_domain = 'student_no' and mention.suffix = '' and mention.is_current
)

select
    life.person_id,
    identity.birth_date,
    extract(year from cast($as_of as date)) - extract(year from identity.birth_date)
    - case
        when
            extract(month from cast($as_of as date)) * 100
            + extract(day from cast($as_of as date))
            < extract(month from identity.birth_date) * 100
            + extract(day from identity.birth_date)
            then 1
        else 0
    end as age,
    case when identity.sex in ('1', '2') then identity.sex end as sex,
    life.alive,
    life.present,
    case mark.disability_grade
        when 1 then '一' when 2 then '二' when 3 then '三' when 4 then '四'
    end as disability_level,
    case
        when newest_value.labour_ability like '无%' then '无'
        when newest_value.labour_ability like '丧失%' then '丧失'
        when newest_value.labour_ability like '部分%' then '部分'
        when newest_value.labour_ability like '有%' then '有'
        else newest_value.labour_ability
    end as labour_ability,
    newest_value.health,
    pupil.person_id is not null as is_student,
    case when pupil.person_id is not null then newest_value.stage end as stage,
    case when pupil.person_id is not null then newest_value.school_code end as school_code,
    coalesce(mark.is_orphan, false) as is_orphan,
    coalesce(mark.left_behind, false) as left_behind,
    severe.person_id is not null as severe_chronic,
    coalesce(mark.former_poor, false) as former_poor,
    coalesce(mark.employee_insured, false) as employee_insured
from households.life as life
left join linkage.person_identity as identity on life.person_id = identity.person_id
left join newest_value on life.person_id = newest_value.person_id
left join mark on life.person_id = mark.person_id
left join severe on life.person_id = severe.person_id
left join pupil on life.person_id = pupil.person_id
