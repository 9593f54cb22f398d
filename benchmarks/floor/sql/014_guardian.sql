-- A pupil's guardians who show a number.
select
    pupil.person,
    roll.guardian1_number as guardian,
    1 as place,
    roll.guardian1_relation as relation,
    roll.is_current,
    roll.extract_date
from student_newest as roll
inner join pupil on roll.student_no = pupil.student_no
where roll.guardian1_number is not null
union all
select
    pupil.person,
    roll.guardian2_number as guardian,
    2 as place,
    roll.guardian2_relation as relation,
    roll.is_current,
    roll.extract_date
from student_newest as roll
inner join pupil on roll.student_no = pupil.student_no
where roll.guardian2_number is not null
