-- Medical aid paid on its own; what repeats a settlement's aid of the 90 days before does not count.
with paid as (
    select payment_id, number as person, amount, paid_on
    from assistance_payment_newest
    where aid_type = '医疗救助' and number is not null
        and paid_on > $window_start and paid_on <= $as_of
),

repeated as (
    select distinct paid.payment_id
    from paid
    inner join spending on paid.person = spending.person
    where spending.medical_aid <> 0
        and abs(paid.amount - spending.medical_aid) <= 0.01
        and date_diff('day', spending.settled_at, paid.paid_on) between 0 and 90
)

select paid.person, sum(paid.amount) as later_aid
from paid
left join repeated on paid.payment_id = repeated.payment_id
where repeated.payment_id is null
group by paid.person
