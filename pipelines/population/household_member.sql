-- Who is in which household, the dead members of living households among them.
select
    member.household_id,
    member.person_id,
    member.relation,
    member.since,
    member.evidence,
    life.alive
from households.member as member
inner join households.household_base as base on member.household_id = base.household_id
inner join households.life as life on member.person_id = life.person_id
where base.size > 0
