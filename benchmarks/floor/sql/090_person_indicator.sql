-- Every living person with what the person rules read.
with first_tier as (
    select person, min(place) as place
    from tier
    group by person
)

select
    attribute.person,
    attribute.household,
    coalesce(place.region_code, '000000000000') as region_code,
    coalesce(place.urban_rural, '') as urban_rural,
    attribute.age,
    case first_tier.place
        when 1 then '特困' when 2 then '低保' when 3 then '防止返贫监测'
        when 4 then '低保边缘' when 5 then '刚性支出困难' else 'none'
    end as tier,
    attribute.is_orphan,
    attribute.disability_level,
    attribute.severe_chronic,
    case when medical.person is null then 0 when medical.all_unknown then null
        else medical.burden_all_12m end as burden_all_12m,
    case when medical.person is null then 0 when medical.in_scope_unknown then null
        else medical.burden_in_scope_12m end as burden_in_scope_12m,
    coalesce(medical.burden_in_scope_known_12m, 0) as burden_in_scope_known_12m,
    case when medical.person is null then 0 else medical.medical_aid_12m end as medical_aid_12m
from attribute
left join place on attribute.person = place.person
left join first_tier on attribute.person = first_tier.person
left join medical on attribute.person = medical.person
