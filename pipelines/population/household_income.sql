-- What is known of each household's yearly income: its newest economic check; where it has none,
-- the declared income of its certificate; where the check cannot be used, only one in force.
with check_row as (
    select
        member.household_id,
        income.source,
        income.dataset,
        income.check_id,
        income.checked_on,
        income.annual_amount
    from standard.income_check as income
    inner join linkage.person_ref as ref on income.person_ref = ref.person_ref
    inner join households.member as member on ref.person_id = member.person_id
    inner join households.life as life on ref.person_id = life.person_id
    where life.alive and income.checked_on <= cast($as_of as date)
),

economic_check as (
    select
        household_id,
        source,
        dataset,
        check_id,
        max(checked_on) as checked_on,
        case when count(annual_amount) = count(*) then sum(annual_amount) end as annual_income
    from check_row
    group by household_id, source, dataset, check_id
),

broken_check as (
    select distinct
        source,
        dataset,
        split_part(record_key, '|', 1) as check_id
    from intake.quarantine
    where readmitted_on is null
),

newest_check as (
    select
        household_id,
        source,
        dataset,
        check_id,
        checked_on,
        annual_income,
        row_number() over (
            partition by household_id
            order by checked_on desc, check_id desc, source asc, dataset asc
        ) as place
    from economic_check
),

judged_check as (
    select
        newest_check.household_id,
        newest_check.checked_on,
        newest_check.annual_income,
        newest_check.annual_income is not null
        and newest_check.checked_on >= cast($oldest_check as date)
        and broken_check.check_id is null as usable
    from newest_check
    left join broken_check
        on
            newest_check.source = broken_check.source
            and newest_check.dataset = broken_check.dataset
            and newest_check.check_id = broken_check.check_id
    where newest_check.place = 1
),

certificate as (
    select
        home.household_id,
        granted.annual_income,
        granted.extract_date,
        coalesce(granted.valid_to, date '9999-12-31') > cast($as_of as date) as in_force,
        row_number() over (
            partition by home.household_id
            order by
                case
                    when coalesce(granted.valid_to, date '9999-12-31') > cast($as_of as date)
                        then 0
                    else 1
                end asc,
                case when granted.annual_income is null then 1 else 0 end asc,
                granted.valid_from desc,
                granted.extract_date desc,
                granted.group_key asc
        ) as place
    from households.group_home as home
    inner join standard.tier_grant as granted on home.group_key = granted.group_key
    where coalesce(granted.valid_from, date '0001-01-01') <= cast($as_of as date)
),

choice as (
    select
        base.household_id,
        case
            when judged_check.usable then 'economic_check'
            when certificate.annual_income is null then null
            when certificate.in_force then 'certificate'
            when judged_check.household_id is null then 'ended_certificate'
        end as income_source,
        judged_check.annual_income as checked_income,
        judged_check.checked_on,
        certificate.annual_income as declared_income,
        certificate.extract_date as declared_on
    from households.household_base as base
    left join judged_check on base.household_id = judged_check.household_id
    left join certificate
        on base.household_id = certificate.household_id and certificate.place = 1
)

select
    household_id,
    case
        when income_source = 'economic_check' then checked_income
        when income_source is not null then declared_income
    end as annual_income,
    income_source,
    case
        when income_source = 'economic_check' then checked_on
        when income_source is not null then declared_on
    end as income_as_of
from choice
