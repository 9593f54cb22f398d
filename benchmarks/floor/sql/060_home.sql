-- Everybody's household: the label of the joined groups, else the person alone.
select
    person.person,
    coalesce(label.label, person.person) as household,
    person.birth_date,
    life.alive,
    life.present,
    life.died_on
from person
inner join life on person.person = life.person
left join label on person.person = label.person
