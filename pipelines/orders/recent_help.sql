-- What help a household had in twelve months, by kind: how often, how much, when last.
with paid as (
    select
        link.person_id,
        help.aid_type,
        help.amount,
        help.given_on
    from standard.help as help
    inner join linkage.person_ref as link on help.person_ref = link.person_ref
    left join hardship.medical_aid_payment as medical
        on help.source || '/' || help.dataset || ':' || help.record_key = medical.row_ref
    where
        help.given_on > $window_start
        and help.given_on <= $as_of
        -- the same help as one that stood in a settlement already
        and not coalesce(medical.repeats_settlement, false)
),

settled as (
    select
        link.person_id,
        '医疗救助' as aid_type,
        aid.amount,
        aid.settled_on as given_on
    from hardship.settlement_aid as aid
    inner join linkage.person_ref as link on aid.person_ref = link.person_ref
    where aid.settled_on > $window_start and aid.settled_on <= $as_of
),

given as (
    select
        person_id,
        aid_type,
        amount,
        given_on
    from paid
    union all
    select
        person_id,
        aid_type,
        amount,
        given_on
    from settled
)

select
    person.household_id,
    coalesce(given.aid_type, '其他') as aid_type,
    count(*) as times,
    sum(given.amount) as amount,
    max(given.given_on) as last_on
from given
inner join population.person as person on given.person_id = person.person_id
where person.household_id is not null
group by person.household_id, coalesce(given.aid_type, '其他')
