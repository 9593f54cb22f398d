-- Settlements of the people in the window: what counts, what a refund cancels.
with who as (
    select ref.person_ref, ref.person_id
    from linkage.person_ref as ref
    where list_contains($people, ref.person_id)
),

refunds as (
    select pair.negative_ref as row_ref, pair.positive_ref is not null as paired, true as negative
    from hardship.refund_pair as pair
    union all
    select pair.positive_ref as row_ref, true as paired, false as negative
    from hardship.refund_pair as pair
    where pair.positive_ref is not null
)

select
    coalesce(redirect.person_id, who.person_id) as person_id, spending.settled_on as on_day,
    spending.care_type, spending.total_cost,
    spending.in_scope_cost, spending.fund_total, spending.personal_burden, spending.refunded,
    refunds.paired, refunds.negative, superseded.row_ref is not null as superseded,
    spending.source, spending.dataset, spending.delivery_id, spending.row_number,
    redirect.row_ref is not null as redirected
from standard.medical_spending as spending
left join linkage.redirect as redirect on spending.row_ref = redirect.row_ref
left join who on spending.register_ref = who.person_ref
left join refunds on spending.row_ref = refunds.row_ref
left join hardship.superseded_settlement as superseded
    on spending.row_ref = superseded.row_ref
    and spending.delivery_id = superseded.delivery_id
    and spending.row_number = superseded.row_number
where list_contains($people, coalesce(redirect.person_id, who.person_id))
    and spending.settled_on > cast($window_start as date)
    and spending.settled_on <= cast($as_of as date)
