-- Where each person lives: certificate, roster, insured person, student; the one that reaches
-- furthest. A township or village is found by its name, whole or without its kind.
with named as (
    select
        region_code,
        regexp_replace(regexp_replace(name, '(办事处|居民委员会|村民委员会|居委会|村委会)$', ''),
            '(街道|镇|乡|社区|村)$', '') as short_name,
        case when substr(region_code, 10, 3) = '000' then 4 else 5 end as level
    from region_newest
    where substr(region_code, 7, 3) <> '000'
),

town as (
    select substr(region_code, 1, 6) as within, short_name, min(region_code) as region_code
    from named
    where level = 4
    group by substr(region_code, 1, 6), short_name
),

village as (
    select substr(region_code, 1, 9) as within, short_name, min(region_code) as region_code
    from named
    where level = 5
    group by substr(region_code, 1, 9), short_name
),

lived as (
    select distinct psn.person, insured.region_code, insured.township, insured.village,
        insured.is_current, insured.extract_date
    from insured_person_newest as insured
    inner join psn on insured.psn_no = psn.psn_no
),

in_town as (
    select
        lived.person, lived.village, lived.is_current, lived.extract_date,
        case when substr(lived.region_code, 7, 3) <> '000' then lived.region_code
            else coalesce(town.region_code, lived.region_code) end as region_code
    from lived
    left join town on substr(lived.region_code, 1, 6) = town.within
        and regexp_replace(regexp_replace(lived.township, '办事处$', ''), '(街道|镇|乡)$', '')
            = town.short_name
),

in_village as (
    select
        in_town.person, in_town.is_current, in_town.extract_date,
        case when substr(in_town.region_code, 7, 3) = '000'
                or substr(in_town.region_code, 10, 3) <> '000' then in_town.region_code
            else coalesce(village.region_code, in_town.region_code) end as region_code
    from in_town
    left join village on substr(in_town.region_code, 1, 9) = village.within
        and regexp_replace(regexp_replace(in_town.village,
            '(居民委员会|村民委员会|居委会|村委会)$', ''), '(社区|村)$', '') = village.short_name
),

said as (
    select member.person, certificate.region_code, 1 as source_rank, certificate.is_current,
        certificate.extract_date
    from member
    inner join certificate on member.group_no = certificate.certificate_no
    where member.evidence = 'certificate'
    union all
    select head as person, region_code, 1 as source_rank, is_current, extract_date
    from certificate
    where head is not null
    union all
    select coalesce(number, concat('named:', household_no, name)) as person, region_code,
        2 as source_rank, is_current, extract_date
    from prevention_roster_newest
    union all
    select person, region_code, 3 as source_rank, is_current, extract_date
    from in_village
    union all
    select pupil.person, roll.region_code, 4 as source_rank, roll.is_current, roll.extract_date
    from student_newest as roll
    inner join pupil on roll.student_no = pupil.student_no
),

ordered as (
    select
        person,
        region_code,
        row_number() over (
            partition by person
            order by
                case when is_current then 0 else 1 end,
                case when substr(region_code, 10, 3) <> '000' then 1
                    when substr(region_code, 7, 3) <> '000' then 2
                    when substr(region_code, 5, 2) <> '00' then 3 else 4 end,
                source_rank, extract_date desc, region_code
        ) as choice
    from said
    where region_code is not null
)

select
    ordered.person,
    ordered.region_code,
    case substr(region.urban_rural_code, 1, 1) when '1' then 'urban' when '2' then 'rural' end
        as urban_rural
from ordered
left join region_newest as region on ordered.region_code = region.region_code
where ordered.choice = 1
