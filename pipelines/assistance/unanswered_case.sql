-- Cases that a visit confirmed and after which no new kind of help came; and cases with several
-- needs of which some were answered and others were not.
with confirmed as (
    select
        case_id,
        household_id,
        person_id,
        confirmed_on,
        identity_confidence
    from hardship.case_file
    where
        confirmed_on < $confirmed_before
        and status in ('confirmed', 'helped', 'referred')
        and household_id is not null
),

-- a kind of help that the household did not have in the 12 months before the visit
fresh as (
    select distinct confirmed.case_id
    from confirmed
    inner join assistance.event as given
        on
            confirmed.household_id = given.household_id
            and given.given_on >= confirmed.confirmed_on
    left join assistance.event as earlier
        on
            confirmed.household_id = earlier.household_id
            and given.aid_type = earlier.aid_type
            and earlier.given_on < confirmed.confirmed_on
            and earlier.given_on > confirmed.confirmed_on - interval 12 month
    where earlier.event_id is null
),

need as (
    select distinct
        cases.case_id,
        word.kind,
        word.title_zh,
        word.title_en
    from hardship.case_file as cases
    inner join assistance.kind_word as word on list_contains(cases.suggest, word.word)
    where
        cases.status in ('open', 'checking', 'confirmed')
        and cases.first_flagged_on <= $flagged_by
),

answered as (
    select
        need.case_id,
        need.kind,
        need.title_zh,
        need.title_en,
        count(given.event_id) as answers
    from need
    inner join hardship.case_file as cases on need.case_id = cases.case_id
    left join assistance.event as given
        on
            cases.household_id = given.household_id
            and need.kind = given.special_assistance
            and given.given_on >= cases.first_flagged_on
    group by need.case_id, need.kind, need.title_zh, need.title_en
),

half as (
    select
        open_need.case_id,
        min(open_need.kind) as kind,
        array_to_string(list_sort(list(open_need.title_zh)), '、') as open_zh,
        array_to_string(list_sort(list(open_need.title_en)), ', ') as open_en
    from answered as open_need
    inner join (
        select distinct case_id
        from answered
        where answers > 0
    ) as begun on open_need.case_id = begun.case_id
    where open_need.answers = 0
    group by open_need.case_id
)

select
    'confirmed_without_help' as finding,
    confirmed.case_id as subject,
    confirmed.person_id,
    confirmed.household_id,
    confirmed.confirmed_on as since,
    cast(null as varchar) as special_assistance,
    confirmed.identity_confidence,
    concat(
        '疑似：', strftime(confirmed.confirmed_on, '%Y-%m-%d'), '核查属实，此后未见新增救助'
    ) as reason_zh,
    concat(
        'Suspected: a visit confirmed the case on ',
        strftime(confirmed.confirmed_on, '%Y-%m-%d'), '; no new kind of help since'
    ) as reason_en
from confirmed
left join fresh on confirmed.case_id = fresh.case_id
where fresh.case_id is null
union all
select
    'needs_half_answered' as finding,
    cases.case_id as subject,
    cases.person_id,
    cases.household_id,
    cases.first_flagged_on as since,
    half.kind as special_assistance,
    cases.identity_confidence,
    concat('疑似：个案有多项需求，尚未回应：', half.open_zh) as reason_zh,
    concat('Suspected: a case with several needs; not answered yet: ', half.open_en) as reason_en
from half
inner join hardship.case_file as cases on half.case_id = cases.case_id
where cases.household_id is not null
