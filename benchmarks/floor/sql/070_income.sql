-- A household's yearly income: its newest economic check, if not older than 18 months; else what
-- its certificate declares.
with checked as (
    select
        home.household,
        checks.check_id,
        max(checks.checked_on) as checked_on,
        sum(checks.annual_amount) as annual_income
    from economic_check_newest as checks
    inner join home on checks.number = home.person
    where home.alive and checks.checked_on <= $as_of
    group by home.household, checks.check_id
),

newest as (
    select household, checked_on, annual_income,
        row_number() over (
            partition by household order by checked_on desc, check_id desc
        ) as choice
    from checked
),

declared as (
    select
        home.household,
        certificate.annual_income,
        certificate.valid_to > $as_of as in_force,
        row_number() over (
            partition by home.household
            order by
                case when certificate.valid_to > $as_of then 0 else 1 end,
                case when certificate.annual_income is null then 1 else 0 end,
                certificate.valid_from desc, certificate.extract_date desc,
                certificate.certificate_no
        ) as choice
    from certificate
    inner join home on certificate.head = home.person
    where coalesce(certificate.valid_from, $as_of) <= $as_of
)

select
    home.household,
    case
        when max(newest.checked_on) >= cast($as_of - interval 18 month as date)
            then max(newest.annual_income)
        when bool_or(declared.in_force) or max(newest.checked_on) is null
            then max(declared.annual_income)
    end as annual_income
from home
left join newest on home.household = newest.household and newest.choice = 1
left join declared on home.household = declared.household and declared.choice = 1
group by home.household
