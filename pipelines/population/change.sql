-- People who entered, left or moved between tiers, night by night; tonight's come last.
with renamed as (
    select
        old_id,
        min(new_id) as new_id
    from linkage.person_id_change
    where change like 'merge%' and as_of = cast($as_of as date)
    group by old_id
),

tier_order as (
    select
        tier,
        place
    from (
        values
        ('特困', 1), ('低保', 2), ('防止返贫监测', 3),
        ('低保边缘', 4), ('刚性支出困难', 5), ('其他', 6)
    ) as listed (tier, place)
),

ranked_before as (
    select
        coalesce(renamed.new_id, monitored.person_id) as person_id,
        monitored.tier,
        row_number() over (
            partition by coalesce(renamed.new_id, monitored.person_id)
            order by coalesce(tier_order.place, 7) asc, monitored.tier asc
        ) as place
    from prev_population.monitored_person as monitored
    left join renamed on monitored.person_id = renamed.old_id
    left join tier_order on monitored.tier = tier_order.tier
),

before as (
    select
        person_id,
        tier
    from ranked_before
    where place = 1
),

-- the last span of each tier that a person held
last_span as (
    select
        person_id,
        tier,
        valid_to,
        evidence,
        row_number() over (partition by person_id, tier order by valid_from desc) as place
    from population.tier_history
    where valid_from <= cast($as_of as date)
),

compared as (
    select
        coalesce(now.person_id, before.person_id) as person_id,
        case
            when $first_night then 'initial'
            when before.person_id is null then 'entered'
            when now.person_id is null then 'left'
            else 'moved'
        end as change,
        coalesce(before.tier, 'none') as from_tier,
        coalesce(now.tier, 'none') as to_tier,
        now.evidence,
        now.valid_from
    from population.monitored_person as now
    full outer join before on now.person_id = before.person_id
    where now.tier is distinct from before.tier
),

explained as (
    select
        compared.person_id,
        compared.change,
        compared.from_tier,
        compared.to_tier,
        case
            when compared.change = 'left'
                then case
                    when life.person_id is null then 'unknown'
                    when life.died_on is not null then 'died'
                    when
                        last_span.valid_to <= cast($as_of as date)
                        and last_span.evidence = 'certificate'
                        then 'certificate_ended'
                    when
                        last_span.valid_to <= cast($as_of as date)
                        and last_span.evidence = 'roster'
                        then 'roster_ended'
                    when last_span.valid_to <= cast($as_of as date) then 'visit_ended'
                    else 'not_listed'
                end
            else compared.evidence
        end as cause,
        cast(
            case
                when compared.change <> 'left' then compared.valid_from
                when life.died_on is not null then life.died_on
                else last_span.valid_to
            end as varchar
        ) as on_day
    from compared
    left join households.life as life on compared.person_id = life.person_id
    left join last_span
        on
            compared.person_id = last_span.person_id
            and compared.from_tier = last_span.tier
            and last_span.place = 1
),

wording as (
    select
        cause,
        zh,
        en
    from (
        values
        ('certificate', '救助证有效，起于', 'a certificate is in force, from'),
        ('roster', '列入监测名册，起于', 'listed on the monitoring roster, from'),
        ('visit', '入户核查属实，核查于', 'a visit confirmed the hardship, on'),
        ('died', '死亡，日期', 'died on'),
        ('certificate_ended', '救助证停保或到期，止于', 'the certificate ended on'),
        ('roster_ended', '风险消除或退出名册，止于', 'the risk was removed on'),
        ('visit_ended', '核查属实已满十二个月，止于', 'twelve months after the visit ended on'),
        ('not_listed', '最新数据中不再享受', 'the newest extracts no longer say so'),
        ('unknown', '身份已不再单独存在', 'no longer a person of its own')
    ) as listed (cause, zh, en)
)

select
    as_of,
    person_id,
    change,
    from_tier,
    to_tier,
    reason,
    reason_en
from prev_population.change
where as_of < cast($as_of as date)
union all
select
    cast($as_of as date) as as_of,
    explained.person_id,
    explained.change,
    explained.from_tier,
    explained.to_tier,
    case
        when explained.on_day is null or explained.cause in ('not_listed', 'unknown')
            then coalesce(wording.zh, explained.cause)
        else concat(coalesce(wording.zh, explained.cause), ' ', explained.on_day)
    end as reason,
    case
        when explained.on_day is null or explained.cause in ('not_listed', 'unknown')
            then coalesce(wording.en, explained.cause)
        else concat(coalesce(wording.en, explained.cause), ' ', explained.on_day)
    end as reason_en
from explained
left join wording on explained.cause = wording.cause
