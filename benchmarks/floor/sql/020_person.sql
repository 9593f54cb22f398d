-- Everybody, with a birth date: the number's own, else what a register says.
with known as (
    select person, number, birth_date from psn
    union all
    select person, number, birth_date from pupil
    union all
    select person, number, birth_date from member
    union all
    select head as person, head_number as number, cast(null as varchar) as birth_date
    from certificate
    where head is not null
    union all
    select guardian as person, guardian as number, cast(null as varchar) as birth_date
    from guardian
    union all
    select number as person, number, cast(null as varchar) as birth_date
    from death_record_newest
    where number is not null
    union all
    select number as person, number, cast(null as varchar) as birth_date
    from economic_check_newest
    where number is not null
    union all
    select number as person, number, cast(null as varchar) as birth_date
    from assistance_payment_newest
    where number is not null
    union all
    select number as person, number, cast(null as varchar) as birth_date
    from field_report_newest
    where number is not null
),

one as (
    select
        person,
        max(number) as number,
        max(birth_date) as said
    from known
    group by person
)

select
    person,
    number,
    case
        when number is not null
            then try_cast(concat(substr(number, 7, 4), '-', substr(number, 11, 2), '-',
                                 substr(number, 13, 2)) as date)
        else day_of(said)
    end as birth_date
from one
