-- One row per insurance number: whose it is.
select
    psn_no,
    max(number) as number,
    coalesce(max(number), concat('psn:', psn_no)) as person,
    max(birth_date) as birth_date
from insured_person_newest
group by psn_no
