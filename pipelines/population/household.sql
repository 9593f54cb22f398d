-- Households with a living member: where, how many, on what income, in which tiers.
with living as (
    select
        member.household_id,
        member.person_id,
        attribute.birth_date,
        region.region_code,
        case monitored.tier
            when '特困' then 1 when '低保' then 2 when '防止返贫监测' then 3
            when '低保边缘' then 4 when '刚性支出困难' then 5 when '其他' then 6
        end as tier_place
    from households.member as member
    inner join population.person_attribute as attribute
        on member.person_id = attribute.person_id
    inner join population.person_region as region on member.person_id = region.person_id
    left join population.monitored_person as monitored on member.person_id = monitored.person_id
    where attribute.alive
),

tiered as (
    select
        household_id,
        case when count(tier_place) = count(*) then max(tier_place) end as tier_place,
        min(tier_place) as any_tier_place
    from living
    group by household_id
),

eldest as (
    select
        household_id,
        region_code,
        row_number() over (
            partition by household_id
            order by
                case when region_code = '000000000000' then 1 else 0 end asc,
                birth_date asc nulls last,
                person_id asc
        ) as place
    from living
),

certificate as (
    select
        home.household_id,
        granted.region_code,
        row_number() over (
            partition by home.household_id
            order by granted.valid_from desc, granted.extract_date desc, granted.group_key asc
        ) as place
    from households.group_home as home
    inner join standard.tier_grant as granted on home.group_key = granted.group_key
    where
        home.ended_on is null
        and granted.region_code is not null
        and granted.region_code <> '000000000000'
),

tier_name as (
    select
        place,
        tier
    from (
        values
        (1, '特困'), (2, '低保'), (3, '防止返贫监测'),
        (4, '低保边缘'), (5, '刚性支出困难'), (6, '其他')
    ) as listed (place, tier)
),

placed as (
    select
        base.household_id,
        base.size,
        base.composition_evidence,
        coalesce(certificate.region_code, eldest.region_code, '000000000000') as region_code
    from households.household_base as base
    left join certificate
        on base.household_id = certificate.household_id and certificate.place = 1
    left join eldest on base.household_id = eldest.household_id and eldest.place = 1
    where base.size > 0
)

select
    placed.household_id,
    placed.region_code,
    region.urban_rural,
    placed.size,
    income.annual_income,
    income.annual_income is not null as income_known,
    income.income_source,
    income.income_as_of,
    coalesce(every_tier.tier, 'none') as tier,
    coalesce(first_tier.tier, 'none') as any_tier,
    placed.composition_evidence
from placed
inner join population.household_income as income on placed.household_id = income.household_id
left join standard.region as region on placed.region_code = region.region_code
left join tiered on placed.household_id = tiered.household_id
left join tier_name as every_tier on tiered.tier_place = every_tier.place
left join tier_name as first_tier on tiered.any_tier_place = first_tier.place
