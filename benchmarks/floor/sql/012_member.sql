-- People under certificates and in watched households, the heads among them.
select
    'certificate' as evidence,
    certificate_no as group_no,
    coalesce(number, concat('named:', certificate_no, name)) as person,
    number,
    relation,
    birth_date,
    is_current,
    coalesce(covered, true) as covered
from assistance_member_newest
where coalesce(number, name) is not null
union all
select
    'roster' as evidence,
    household_no as group_no,
    coalesce(number, concat('named:', household_no, name)) as person,
    number,
    relation,
    cast(null as varchar) as birth_date,
    is_current,
    true as covered
from prevention_roster_newest
where coalesce(number, name) is not null
