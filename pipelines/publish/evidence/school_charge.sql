-- School charges paid for the people in the window.
select
    ref.person_id,
    charge.paid_on as on_day,
    charge.charge_item,
    charge.amount_paid as amount,
    charge.source,
    charge.dataset,
    charge.delivery_id,
    charge.row_number
from standard.education_charge as charge
inner join linkage.person_ref as ref on charge.person_ref = ref.person_ref
where
    list_contains($people, ref.person_id)
    and charge.paid_on > cast($window_start as date)
    and charge.paid_on <= cast($as_of as date)
