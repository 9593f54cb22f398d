-- One row per school roll number: whose it is.
select
    student_no,
    number,
    coalesce(number, concat('pupil:', student_no)) as person,
    birth_date,
    is_current
from student_newest
