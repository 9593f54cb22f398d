-- Households whose monthly allowance differs from that of the month before, kind by kind; only where
-- both months were paid, so that neither additions nor stops stand here.
with paid as (
    select
        person.household_id,
        help.aid_type,
        cast(date_trunc('month', coalesce(help.benefit_month, help.given_on)) as date) as month,
        help.amount
    from standard.help as help
    inner join orders.report_item as item on item.report = 'amounts' and help.aid_type = item.code
    inner join linkage.person_ref as link on help.person_ref = link.person_ref
    inner join population.person as person on link.person_id = person.person_id
    where
        help.given_on <= $as_of
        and help.amount is not null
        and coalesce(help.benefit_month, help.given_on) >= $month_before
        and person.household_id is not null
),

summed as (
    select
        household_id,
        aid_type,
        month,
        sum(amount) as amount
    from paid
    group by household_id, aid_type, month
)

select
    this.month,
    this.household_id,
    this.aid_type,
    substr(home.region_code, 1, 6) as county_code,
    substr(home.region_code, 1, 9) as township_code,
    before.amount as amount_before,
    this.amount,
    this.amount - before.amount as difference
from summed as this
inner join summed as before
    on
        this.household_id = before.household_id
        and this.aid_type = before.aid_type
        and date_trunc('month', this.month - interval 1 day) = before.month
inner join population.household as home on this.household_id = home.household_id
where
    this.month >= $month_start
    and this.amount <> before.amount
    and this.amount > 0
    and before.amount > 0
