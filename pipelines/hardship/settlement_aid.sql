-- Standing settlements that carry medical assistance of their own.
with paired as (
    select negative_ref as row_ref
    from hardship.refund_pair
    where positive_ref is not null
    union all
    select positive_ref as row_ref
    from hardship.refund_pair
    where positive_ref is not null
)

select
    spending.row_ref,
    case when redirect.row_ref is null then spending.register_ref else spending.row_ref end
        as person_ref,
    spending.settled_on,
    spending.medical_aid as amount,
    spending.source,
    spending.dataset,
    spending.delivery_id,
    spending.row_number,
    spending.extract_date
from standard.medical_spending as spending
left join hardship.superseded_settlement as superseded
    on
        spending.row_ref = superseded.row_ref
        and spending.delivery_id = superseded.delivery_id
        and spending.row_number = superseded.row_number
left join paired on spending.row_ref = paired.row_ref
left join linkage.redirect as redirect on spending.row_ref = redirect.row_ref
where
    spending.medical_aid <> 0
    and superseded.row_ref is null
    and paired.row_ref is null
    and not (coalesce(spending.refunded, false) and spending.total_cost >= 0)
