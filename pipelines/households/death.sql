-- One row per person whom some register calls dead on or before the night.
-- Doubtful: the claim rests on one probable link alone, or a settlement shows treatment afterwards.
with stated as (
    -- what the newest rows say of survival; a row that left the register has had its last word
    -- unless a row that stands says otherwise
    select distinct ref.person_id
    from standard.attribute_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where claim.attribute = 'survival_status' and claim.is_current and claim.value <> '2'
),

claim as (
    select
        ref.person_id,
        claim.died_on,
        claim.kind,
        concat(claim.source, '/', claim.dataset) as register,
        coalesce(link.method, 'register_key') = 'probable' as is_weak
    from standard.death_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    left join linkage.mention_link as link on claim.person_ref = link.mention_key
    left join stated on ref.person_id = stated.person_id
    where
        claim.died_on <= cast($as_of as date)
        and (claim.kind = 'death_record' or claim.is_current or stated.person_id is null)
),

said as (
    select
        person_id,
        bool_and(is_weak) as all_weak,
        count(distinct register) as registers,
        count(distinct kind) as kinds,
        min(kind) as kind,
        min(case when kind = 'death_record' and not is_weak then died_on end) as recorded_on,
        min(case when kind = 'death_record' and is_weak then died_on end) as weakly_recorded_on,
        min(case when kind <> 'death_record' then died_on end) as first_seen_dead_on
    from claim
    group by person_id
),

death as (
    select
        person_id,
        coalesce(recorded_on, weakly_recorded_on, first_seen_dead_on) as died_on,
        all_weak and registers < 2 as is_weak,
        case when kinds > 1 then 'death_record+survival_status' else kind end as evidence
    from said
),

-- Settlements that may show treatment after the death: under one of the person's register
-- numbers, or sent to the person by the identity number on the row itself.
suspect_row as (
    select spending.row_ref
    from standard.medical_spending as spending
    inner join linkage.person_ref as ref on spending.register_ref = ref.person_ref
    inner join death on ref.person_id = death.person_id
    where coalesce(spending.begin_on, spending.settled_on) > death.died_on
    union
    select redirect.row_ref
    from linkage.redirect as redirect
    inner join death on redirect.person_id = death.person_id
),

row_version as (
    select
        spending.row_ref,
        spending.register_ref,
        coalesce(spending.begin_on, spending.settled_on) as treated_on,
        coalesce(spending.refunded, false) or coalesce(spending.total_cost, 0) < 0 as is_refund,
        row_number() over (
            partition by spending.row_ref
            order by
                spending.extract_date desc,
                spending.received_order desc,
                spending.delivery_id desc,
                spending.row_number desc
        ) as version
    from standard.medical_spending as spending
    inner join suspect_row on spending.row_ref = suspect_row.row_ref
),

treatment as (
    select
        coalesce(redirect.person_id, ref.person_id) as person_id,
        max(row_version.treated_on) as last_treated_on
    from row_version
    left join linkage.redirect as redirect on row_version.row_ref = redirect.row_ref
    left join linkage.person_ref as ref on row_version.register_ref = ref.person_ref
    where row_version.version = 1 and not row_version.is_refund
    group by coalesce(redirect.person_id, ref.person_id)
)

select
    death.person_id,
    death.died_on,
    death.is_weak or coalesce(treatment.last_treated_on > death.died_on, false) as doubtful,
    case
        when death.is_weak and coalesce(treatment.last_treated_on > death.died_on, false)
            then 'weak_link+treated_after'
        when death.is_weak then 'weak_link'
        when treatment.last_treated_on > death.died_on then 'treated_after'
    end as doubt,
    death.evidence
from death
left join treatment on death.person_id = treatment.person_id
