-- Help that seems to be given twice or wrongly, within 12 months. It stands on rows that are there,
-- so a source that is late takes nothing back and adds nothing.
with found as (
    select
        finding,
        subject,
        person_id,
        since,
        amount,
        identity_confidence,
        false as doubtful,
        reason_zh,
        reason_en
    from assistance.double_cover
    union all
    select
        finding,
        subject,
        person_id,
        since,
        amount,
        identity_confidence,
        doubtful,
        reason_zh,
        reason_en
    from assistance.payment_after_death
    union all
    select
        finding,
        subject,
        person_id,
        since,
        amount,
        identity_confidence,
        false as doubtful,
        reason_zh,
        reason_en
    from assistance.payment_twice
    union all
    select
        finding,
        subject,
        person_id,
        since,
        cast(null as decimal(18, 2)) as amount,
        identity_confidence,
        doubtful,
        reason_zh,
        reason_en
    from assistance.service_misplaced
)

select
    'O' || substr(sha256($id_secret || '|' || found.finding || '|' || found.subject), 1, 24)
        as overlap_id,
    found.finding as overlap_type,
    found.person_id,
    person.household_id,
    person.region_code,
    found.since,
    found.amount as amount_12m,
    kind_of.department,
    found.identity_confidence,
    case
        when found.identity_confidence >= $certain and not found.doubtful then 'certain'
        else 'suspected'
    end as certainty,
    found.reason_zh,
    found.reason_en
from found
inner join assistance.finding_kind as kind_of on found.finding = kind_of.finding
inner join population.person as person on found.person_id = person.person_id
