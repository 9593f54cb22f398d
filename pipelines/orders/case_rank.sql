-- Every case that waits for a visit, with its score, the parts of the score and its rank within
-- its township. A part that is unknown is NULL and takes no part in the mean.
with weight as (
    select
        township_code,
        max(case when name = 'rank_weight_measure' then value end) as measure,
        max(case when name = 'rank_weight_level' then value end) as level,
        max(case when name = 'rank_weight_household' then value end) as household,
        max(case when name = 'rank_weight_agreement' then value end) as agreement,
        max(case when name = 'rank_weight_identity' then value end) as identity,
        max(case when name = 'rank_weight_yield' then value end) as rule_yield,
        max(case when name = 'rank_weight_waiting' then value end) as waiting,
        max(case when name = 'rank_level_red' then value end) as red,
        max(case when name = 'rank_level_orange' then value end) as orange,
        max(case when name = 'rank_level_yellow' then value end) as yellow,
        max(case when name = 'rank_children' then value end) as children,
        max(case when name = 'rank_elders' then value end) as elders,
        max(case when name = 'rank_disabled' then value end) as disabled,
        max(case when name = 'rank_severe' then value end) as severe,
        max(case when name = 'rank_yield_prior' then value end) as yield_prior,
        max(case when name = 'rank_yield_prior_visits' then value end) as prior_visits,
        max(case when name = 'rank_yield_full' then value end) as yield_full,
        max(case when name = 'rank_waiting_full_days' then value end) as full_days
    from orders.parameter
    group by township_code
),

alive as (
    select
        case_id,
        household_id,
        list,
        level,
        status,
        rule_ids,
        identity_confidence,
        first_flagged_on,
        coalesce(region_code, '000000000000') as region_code
    from hardship.case_file
    where status in ('open', 'checking', 'confirmed')
),

-- lists that point to a household, those that a visit confirmed among them
agreeing as (
    select
        household_id,
        count(distinct list) as lists
    from alive
    group by household_id
),

waits as (
    select
        alive.case_id,
        alive.household_id,
        alive.list,
        alive.level,
        alive.status,
        alive.rule_ids,
        alive.identity_confidence,
        alive.first_flagged_on,
        alive.region_code,
        agreeing.lists
    from alive
    left join agreeing on alive.household_id = agreeing.household_id
    where alive.status <> 'confirmed'
),

-- how far beyond the line: 0 on it, 0.5 at twice, 0.75 at four times; where the line is 0, the
-- measure itself. A rule without a line says nothing about it.
fired as (
    select
        household_id,
        list,
        max(
            case
                when threshold > 0 and measure > 0 then greatest(0.0, 1 - threshold / measure)
                when threshold = 0 then least(1.0, greatest(0.0, measure))
            end
        ) as beyond
    from hardship.alert
    group by household_id, list
),

-- the best of the case's rules, drawn towards what is usual until enough visits were made
promising as (
    select
        waits.case_id,
        max(
            (rule_yield.confirmed + weight.yield_prior * weight.prior_visits)
            / nullif(rule_yield.checked + weight.prior_visits, 0)
        ) as expected
    from waits
    inner join quality.rule_yield as rule_yield
        on list_contains(waits.rule_ids, rule_yield.rule_id)
    inner join weight on substr(waits.region_code, 1, 9) = weight.township_code
    group by waits.case_id
),

part as (
    select
        waits.case_id,
        waits.household_id,
        waits.list,
        waits.level,
        waits.status,
        waits.region_code,
        substr(waits.region_code, 1, 9) as township_code,
        weight.measure as weight_measure,
        weight.level as weight_level,
        weight.household as weight_household,
        weight.agreement as weight_agreement,
        weight.identity as weight_identity,
        weight.rule_yield as weight_yield,
        weight.waiting as weight_waiting,
        case when fired.household_id is null then 0.0 else fired.beyond end as measure_part,
        case waits.level
            when 'red' then weight.red when 'orange' then weight.orange else weight.yellow
        end as level_part,
        least(
            1.0,
            case when home.minors > 0 then weight.children else 0 end
            + case when home.elders > 0 then weight.elders else 0 end
            + case when home.disabled_members > 0 then weight.disabled else 0 end
            + case when home.severe_members > 0 then weight.severe else 0 end
        ) as household_part,
        least(1.0, 0.5 * (coalesce(waits.lists, 1) - 1)) as agreement_part,
        waits.identity_confidence as identity_part,
        least(1.0, promising.expected / nullif(weight.yield_full, 0)) as yield_part,
        least(
            1.0,
            date_diff('day', waits.first_flagged_on, $as_of) / nullif(weight.full_days, 0)
        ) as waiting_part
    from waits
    inner join weight on substr(waits.region_code, 1, 9) = weight.township_code
    left join fired on waits.household_id = fired.household_id and waits.list = fired.list
    left join hardship.household_indicator as home on waits.household_id = home.household_id
    left join promising on waits.case_id = promising.case_id
),

known as (
    select
        case_id,
        case when measure_part is null then 0 else weight_measure end
        + weight_level
        + case when household_part is null then 0 else weight_household end
        + weight_agreement
        + case when identity_part is null then 0 else weight_identity end
        + case when yield_part is null then 0 else weight_yield end
        + case when waiting_part is null then 0 else weight_waiting end as weight,
        coalesce(weight_measure * measure_part, 0)
        + weight_level * level_part
        + coalesce(weight_household * household_part, 0)
        + weight_agreement * agreement_part
        + coalesce(weight_identity * identity_part, 0)
        + coalesce(weight_yield * yield_part, 0)
        + coalesce(weight_waiting * waiting_part, 0) as points
    from part
),

scored as (
    select
        part.case_id,
        part.household_id,
        part.list,
        part.level,
        part.status,
        part.region_code,
        part.township_code,
        round(coalesce(known.points / nullif(known.weight, 0), 0), 6) as score,
        part.measure_part,
        part.level_part,
        part.household_part,
        part.agreement_part,
        part.identity_part,
        part.yield_part,
        part.waiting_part
    from part
    inner join known on part.case_id = known.case_id
),

-- cases of one household stay together, so that it is visited once
together as (
    select
        case_id,
        max(score) over (
            partition by township_code, coalesce(household_id, case_id)
        ) as household_score
    from scored
)

select
    scored.case_id,
    scored.household_id,
    scored.region_code,
    substr(scored.region_code, 1, 6) as county_code,
    scored.township_code,
    scored.list,
    scored.level,
    scored.status,
    scored.score,
    scored.measure_part,
    scored.level_part,
    scored.household_part,
    scored.agreement_part,
    scored.identity_part,
    scored.yield_part,
    scored.waiting_part,
    row_number() over (
        partition by scored.township_code
        order by
            together.household_score desc,
            coalesce(scored.household_id, scored.case_id),
            scored.score desc,
            scored.case_id
    ) as rank
from scored
inner join together on scored.case_id = together.case_id
