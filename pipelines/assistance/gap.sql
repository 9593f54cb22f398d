-- Help that seems to be missing. A kind of gap that rests on a source past its due date raises
-- nothing new tonight and takes nothing back that stood the night before.
with found as (
    select
        finding,
        subject,
        person_id,
        household_id,
        since,
        amount,
        cast(null as varchar) as special_assistance,
        identity_confidence,
        reason_zh,
        reason_en
    from assistance.unpaid_certificate
    union all
    select
        finding,
        subject,
        person_id,
        household_id,
        since,
        amount,
        cast(null as varchar) as special_assistance,
        identity_confidence,
        reason_zh,
        reason_en
    from assistance.unaided_patient
    union all
    select
        finding,
        subject,
        person_id,
        household_id,
        since,
        amount,
        cast(null as varchar) as special_assistance,
        identity_confidence,
        reason_zh,
        reason_en
    from assistance.unaided_student
    union all
    select
        finding,
        subject,
        person_id,
        household_id,
        since,
        cast(null as decimal(18, 2)) as amount,
        special_assistance,
        identity_confidence,
        reason_zh,
        reason_en
    from assistance.unanswered_case
),

tonight as (
    select
        'G' || substr(sha256($id_secret || '|' || found.finding || '|' || found.subject), 1, 24)
            as gap_id,
        found.finding as gap_type,
        found.person_id,
        found.household_id,
        found.since,
        found.amount,
        coalesce(found.special_assistance, kind_of.special_assistance) as special_assistance,
        coalesce(kind.department, kind_of.department) as department,
        found.identity_confidence,
        found.reason_zh,
        found.reason_en
    from found
    inner join assistance.finding_kind as kind_of on found.finding = kind_of.finding
    left join assistance.special_assistance as kind on found.special_assistance = kind.kind
    where not kind_of.held_back
),

standing as (
    select
        earlier.gap_id,
        earlier.gap_type,
        earlier.person_id,
        earlier.household_id,
        earlier.since,
        earlier.amount,
        earlier.special_assistance,
        earlier.department,
        earlier.identity_confidence,
        earlier.reason_zh,
        earlier.reason_en,
        true as is_carried_over
    from prev_assistance.gap as earlier
    inner join assistance.finding_kind as kind_of
        on earlier.gap_type = kind_of.finding and kind_of.held_back
    union all
    select
        gap_id,
        gap_type,
        person_id,
        household_id,
        since,
        amount,
        special_assistance,
        department,
        identity_confidence,
        reason_zh,
        reason_en,
        false as is_carried_over
    from tonight
)

select
    standing.gap_id,
    standing.gap_type,
    household.household_id,
    person.person_id,
    household.region_code,
    standing.since,
    standing.amount,
    standing.special_assistance,
    standing.department,
    standing.identity_confidence,
    case when standing.identity_confidence >= $certain then 'certain' else 'suspected' end
        as certainty,
    standing.is_carried_over,
    standing.reason_zh,
    standing.reason_en
from standing
left join population.person as person on standing.person_id = person.person_id
left join population.household as household
    on coalesce(person.household_id, standing.household_id) = household.household_id
where coalesce(person.alive, true)
