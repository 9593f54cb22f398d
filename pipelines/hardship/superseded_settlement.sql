-- Row versions of settlements that a later one replaced. Only keys of new deliveries are looked at.
with new_key as (
    select distinct spending.row_ref
    from standard.medical_spending as spending
    inner join hardship.medical_delivery as delivery
        on spending.delivery_id = delivery.delivery_id
    where delivery.is_new
),

repeated_key as (
    select spending.row_ref
    from standard.medical_spending as spending
    inner join new_key on spending.row_ref = new_key.row_ref
    group by spending.row_ref
    having count(*) > 1
),

version as (
    select
        spending.row_ref,
        spending.delivery_id,
        spending.row_number,
        spending.extract_date,
        spending.settled_on,
        row_number() over (
            partition by spending.row_ref
            order by
                spending.extract_date desc,
                spending.received_order desc,
                spending.delivery_id desc,
                spending.row_number desc
        ) as age_rank
    from standard.medical_spending as spending
    inner join repeated_key on spending.row_ref = repeated_key.row_ref
),

replaced as (
    select
        row_ref,
        delivery_id,
        row_number,
        extract_date,
        settled_on
    from version
    where age_rank > 1
),

kept as (
    select
        before.row_ref,
        before.delivery_id,
        before.row_number,
        before.extract_date,
        before.settled_on
    from prev_hardship.superseded_settlement as before
    inner join hardship.medical_delivery as delivery
        on before.delivery_id = delivery.delivery_id
    left join new_key on before.row_ref = new_key.row_ref
    where new_key.row_ref is null and not delivery.is_new
)

select
    row_ref,
    delivery_id,
    row_number,
    extract_date,
    settled_on
from replaced
union all
select
    row_ref,
    delivery_id,
    row_number,
    extract_date,
    settled_on
from kept
