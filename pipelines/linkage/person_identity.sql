-- The best value of each attribute of a person: the one most datasets give, then most mentions,
-- then the newest, then the smallest. A usable number that is the person's own comes first.
with known as (
    select
        mention_link.person_id,
        mention_feature.source || '/' || mention_feature.dataset as dataset,
        mention_feature.extract_date,
        mention_feature.name,
        mention_feature.birth_date,
        mention_feature.sex,
        mention_feature.phone,
        mention_feature.address,
        mention_entity.number
    from linkage.mention_link
    inner join linkage.mention_feature
        on mention_feature.mention_key = mention_link.mention_key
    inner join linkage.mention_entity
        on mention_entity.mention_no = mention_feature.mention_no
),

claimed as (
    select person_id, 'name' as attribute, name as claimed_value, dataset, extract_date
    from known
    union all
    select person_id, 'number' as attribute, number as claimed_value, dataset, extract_date
    from known
    union all
    select
        person_id,
        'birth_date' as attribute,
        cast(birth_date as varchar) as claimed_value,
        dataset,
        extract_date
    from known
    union all
    select person_id, 'sex' as attribute, sex as claimed_value, dataset, extract_date
    from known
    union all
    select person_id, 'phone' as attribute, phone as claimed_value, dataset, extract_date
    from known
    union all
    select person_id, 'address' as attribute, address as claimed_value, dataset, extract_date
    from known
),

by_dataset as (
    select
        person_id,
        attribute,
        claimed_value,
        dataset,
        count(*) as mentions,
        max(extract_date) as newest
    from claimed
    where claimed_value is not null
    group by person_id, attribute, claimed_value, dataset
),

counted as (
    select
        person_id,
        attribute,
        claimed_value,
        count(*) as datasets,
        sum(mentions) as mentions,
        max(newest) as newest
    from by_dataset
    group by person_id, attribute, claimed_value
),

ranked as (
    select
        person_id,
        attribute,
        claimed_value,
        row_number() over (
            partition by person_id, attribute
            order by datasets desc, mentions desc, newest desc, claimed_value
        ) as place
    from counted
),

person as (
    select distinct person_id
    from linkage.mention_link
),

best as (
    select
        person_id,
        max(case when attribute = 'name' then claimed_value end) as name,
        max(case when attribute = 'number' then claimed_value end) as id_number,
        max(case when attribute = 'phone' then claimed_value end) as phone,
        max(case when attribute = 'birth_date' then claimed_value end) as birth_date,
        max(case when attribute = 'sex' then claimed_value end) as sex,
        max(case when attribute = 'address' then claimed_value end) as address
    from ranked
    where place = 1
    group by person_id
),

numbered as (
    select
        person_id,
        name,
        case when id_number like 'other %' then substr(id_number, 7) else id_number end as id_number,
        case
            when length(id_number) = 18 and id_number not like 'other %'
                then substr(id_number, 7, 4) || '-' || substr(id_number, 11, 2) || '-'
                    || substr(id_number, 13, 2)
            else birth_date
        end as birth_date,
        case
            when length(id_number) = 18 and id_number not like 'other %'
                then case
                    when substr(id_number, 17, 1) in ('1', '3', '5', '7', '9') then '1' else '2'
                end
            else sex
        end as sex,
        phone,
        address
    from best
)

select
    person.person_id,
    numbered.name,
    numbered.id_number,
    numbered.phone,
    cast(numbered.birth_date as date) as birth_date,
    numbered.sex,
    numbered.address
from person
left join numbered on numbered.person_id = person.person_id
