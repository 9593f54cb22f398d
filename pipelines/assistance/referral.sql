-- Which department should look at which household for what: from what its tier and need entitle it
-- to, from the cases that live, from help that is missing and from what the field reported. Where
-- nothing but an entitlement speaks, a household that had such help within 12 months is left alone.
with cause as (
    select
        entitled.household_id,
        entitled.person_id,
        entitled.special_assistance,
        'entitlement' as basis,
        cast(null as varchar) as level,
        cast($as_of as date) as since,
        entitled.reason_zh,
        entitled.reason_en
    from assistance.entitled as entitled
    union all
    select
        cases.household_id,
        cases.person_id,
        word.kind as special_assistance,
        'case' as basis,
        cases.level,
        cases.first_flagged_on as since,
        cases.reason_zh,
        cases.reason_en
    from hardship.case_file as cases
    inner join assistance.kind_word as word on list_contains(cases.suggest, word.word)
    where cases.status in ('open', 'checking', 'confirmed')
    union all
    select
        gap.household_id,
        gap.person_id,
        gap.special_assistance,
        'gap' as basis,
        cast(null as varchar) as level,
        gap.since,
        gap.reason_zh,
        gap.reason_en
    from assistance.gap as gap
    where gap.special_assistance is not null
    union all
    select
        person.household_id,
        link.person_id,
        need.kind as special_assistance,
        'field_report' as basis,
        cast(null as varchar) as level,
        report.reported_on as since,
        concat(
            '疑似：', strftime(report.reported_on, '%Y-%m-%d'), '基层上报，困难类型：', need.word
        ) as reason_zh,
        concat(
            'Suspected: reported from the field on ', strftime(report.reported_on, '%Y-%m-%d'),
            ': ', need.word
        ) as reason_en
    from standard.field_report as report
    inner join linkage.person_ref as link on report.mention_key = link.person_ref
    inner join population.person as person on link.person_id = person.person_id
    inner join assistance.difficulty_word as need on list_contains(report.difficulty, need.word)
    where report.reported_on > $reports_after and report.reported_on <= $as_of
),

had as (
    select
        household_id,
        special_assistance,
        max(given_on) as last_given_on,
        sum(case when given_on > $window_start then 1 else 0 end) as times,
        sum(case when given_on > $window_start then amount end) as given
    from assistance.event
    where household_id is not null
    group by household_id, special_assistance
),

whom as (
    select
        household_id,
        special_assistance,
        person_id,
        row_number() over (
            partition by household_id, special_assistance
            order by
                case basis when 'gap' then 0 when 'case' then 1 else 2 end asc, since asc,
                person_id asc
        ) as place
    from cause
    where person_id is not null
),

summed as (
    select
        household_id,
        special_assistance,
        list_sort(list(distinct basis)) as basis,
        max(case level when 'red' then 3 when 'orange' then 2 when 'yellow' then 1 end) as grade,
        min(since) as since,
        max(case when basis = 'entitlement' then 0 else 1 end) as more,
        list_sort(list(distinct reason_zh)) as reasons_zh,
        list_sort(list(distinct reason_en)) as reasons_en
    from cause
    where household_id is not null
    group by household_id, special_assistance
)

select
    'R' || substr(
        sha256($id_secret || '|' || summed.household_id || '|' || summed.special_assistance), 1, 24
    ) as referral_id,
    summed.household_id,
    person.person_id,
    household.region_code,
    kind.department,
    summed.special_assistance,
    household.any_tier as tier,
    case summed.grade when 3 then 'red' when 2 then 'orange' when 1 then 'yellow' end as level,
    summed.since,
    summed.basis,
    summed.reasons_zh,
    summed.reasons_en,
    coalesce(had.times, 0) as events_12m,
    case when had.times > 0 then had.given else 0 end as given_12m,
    had.last_given_on
from summed
inner join population.household as household on summed.household_id = household.household_id
inner join assistance.special_assistance as kind on summed.special_assistance = kind.kind
left join had
    on
        summed.household_id = had.household_id
        and summed.special_assistance = had.special_assistance
left join whom
    on
        summed.household_id = whom.household_id
        and summed.special_assistance = whom.special_assistance
        and whom.place = 1
left join population.person as person on whom.person_id = person.person_id
where summed.more = 1 or coalesce(had.times, 0) = 0
