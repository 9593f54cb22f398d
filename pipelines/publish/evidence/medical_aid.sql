-- Medical aid paid by itself in the window, and whether it repeats a settlement.
select
    payment.person_id, payment.given_on as on_day, payment.amount, payment.repeats_settlement,
    help.source, help.dataset, help.delivery_id, help.row_number
from hardship.medical_aid_payment as payment
inner join standard.help as help
    on payment.row_ref = help.source || '/' || help.dataset || ':' || help.record_key
where list_contains($people, payment.person_id)
    and payment.given_on > cast($window_start as date)
    and payment.given_on <= cast($as_of as date)
