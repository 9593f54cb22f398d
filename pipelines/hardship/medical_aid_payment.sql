-- Medical assistance paid as a payment of its own. One that repeats a settlement's own medical_aid
-- (same person, within 0.01, paid within 90 days after it) is that same help.
with payment as (
    select
        help.source || '/' || help.dataset || ':' || help.record_key as row_ref,
        link.person_id,
        help.given_on,
        help.amount
    from standard.help as help
    inner join linkage.person_ref as link on help.person_ref = link.person_ref
    where help.aid_type = '医疗救助' and help.given_on <= $as_of
),

settled as (
    select
        link.person_id,
        aid.settled_on,
        aid.amount
    from hardship.settlement_aid as aid
    inner join linkage.person_ref as link on aid.person_ref = link.person_ref
),

repetition as (
    select distinct payment.row_ref
    from payment
    inner join settled on payment.person_id = settled.person_id
    where
        abs(payment.amount - settled.amount) <= 0.01
        and date_diff('day', settled.settled_on, payment.given_on) between 0 and 90
)

select
    payment.row_ref,
    payment.person_id,
    payment.given_on,
    payment.amount,
    repetition.row_ref is not null as repeats_settlement
from payment
left join repetition on payment.row_ref = repetition.row_ref
