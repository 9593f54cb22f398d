-- School charges less school aid of twelve months, by person.
with part as (
    select student_no, amount_paid as amount
    from student_charge_newest
    where paid_on > $window_start and paid_on <= $as_of
    union all
    select student_no, -amount as amount
    from student_aid_newest
    where paid_on > $window_start and paid_on <= $as_of
)

select pupil.person, sum(part.amount) as amount
from part
inner join pupil on part.student_no = pupil.student_no
group by pupil.person
