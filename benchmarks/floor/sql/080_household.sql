-- Living members of a household, and where it is: its certificate's place, else its eldest's.
with certified as (
    select
        home.household,
        certificate.region_code,
        row_number() over (
            partition by home.household
            order by certificate.valid_from desc, certificate.extract_date desc,
                certificate.certificate_no
        ) as choice
    from certificate
    inner join home on certificate.head = home.person
    where certificate.valid_to > $as_of and coalesce(certificate.valid_from, $as_of) <= $as_of
        and certificate.region_code is not null
),

eldest as (
    select
        home.household,
        place.region_code,
        row_number() over (
            partition by home.household
            order by case when home.birth_date is null then 1 else 0 end, home.birth_date,
                home.person
        ) as choice
    from home
    inner join place on home.person = place.person
    where home.alive
),

first_tier as (
    select person, min(place) as place
    from tier
    group by person
),

counted as (
    select
        attribute.household,
        count(*) as size,
        max(coalesce(first_tier.place, 7)) as last_tier,
        min(coalesce(first_tier.place, 7)) as best_tier,
        sum(case when attribute.severe_chronic then 1 else 0 end) as severe_members,
        sum(case when attribute.disability_level is not null then 1 else 0 end)
            as disabled_members,
        sum(case when attribute.age < 18 then 1 else 0 end) as minors,
        sum(case when attribute.age >= 60 then 1 else 0 end) as elders,
        sum(case when attribute.age between 18 and 59 and attribute.present then 1 else 0 end)
            as working_age_members,
        sum(case when attribute.age between 18 and 59 and attribute.present
                and not attribute.is_student and not attribute.severe_chronic
                and coalesce(attribute.disability_level not in ('一', '二'), true)
                and not attribute.unable
            then 1 else 0 end) as able_members,
        sum(case when attribute.employee_insured then 1 else 0 end) as employee_insured_members,
        sum(case when care.without_guardian then 1 else 0 end) as minors_without_guardian,
        sum(case when care.without_parent then 1 else 0 end) as minors_without_parent
    from attribute
    left join first_tier on attribute.person = first_tier.person
    left join care on attribute.person = care.person
    group by attribute.household
)

select
    counted.household,
    counted.size,
    counted.last_tier,
    counted.best_tier,
    counted.severe_members,
    counted.disabled_members,
    counted.minors,
    counted.elders,
    counted.working_age_members,
    counted.able_members,
    counted.employee_insured_members,
    counted.minors_without_guardian,
    counted.minors_without_parent,
    coalesce(certified.region_code, eldest.region_code, '000000000000') as region_code
from counted
left join certified on counted.household = certified.household and certified.choice = 1
left join eldest on counted.household = eldest.household and eldest.choice = 1
