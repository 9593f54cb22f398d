-- A referral with what a department may need to reach people: never published. The head is whom a
-- register calls so, else the eldest who lives.
with member as (
    select
        member.household_id,
        member.person_id,
        row_number() over (
            partition by member.household_id
            order by
                case when member.relation in ('户主', '本人', '01', '02') then 0 else 1 end asc,
                coalesce(attribute.birth_date, date '9999-12-31') asc,
                member.person_id asc
        ) as place
    from population.household_member as member
    inner join population.person_attribute as attribute
        on member.person_id = attribute.person_id
    where member.alive
)

select
    referral.referral_id,
    referral.department,
    kind.position,
    kind.title_zh as kind,
    case
        when referral.region_code is not null then substr(referral.region_code, 1, 9) || '000'
    end as township_code,
    referral.region_code,
    head.name as head_name,
    head.phone as head_phone,
    head.address as head_address,
    person.name as person_name,
    person.id_number as person_id_number,
    person.phone as person_phone,
    household.size as household_size,
    referral.tier,
    referral.level,
    referral.since,
    referral.basis,
    referral.reasons_zh as reasons,
    referral.given_12m,
    referral.last_given_on
from assistance.referral as referral
inner join assistance.special_assistance as kind on referral.special_assistance = kind.kind
inner join population.household as household on referral.household_id = household.household_id
left join member on referral.household_id = member.household_id and member.place = 1
left join linkage.person_identity as head on member.person_id = head.person_id
left join linkage.person_identity as person on referral.person_id = person.person_id
