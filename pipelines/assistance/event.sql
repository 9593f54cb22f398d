-- Every piece of help, from every row that gives some: paid, given to a pupil, served, or settled
-- with a treatment. A payment that repeats a settlement's own medical aid is that same help: it
-- stands once, with the day on which it was paid beside it.
with paid as (
    select
        help.source,
        help.dataset,
        help.record_key,
        help.delivery_id,
        help.row_number,
        help.extract_date,
        help.kind,
        help.aid_type,
        help.subtype,
        help.amount,
        help.hours,
        help.given_on,
        help.benefit_month,
        help.department,
        help.group_key,
        link.person_id,
        link.probability,
        help.source || '/' || help.dataset || ':' || help.record_key as row_ref
    from standard.help as help
    left join linkage.person_ref as link on help.person_ref = link.person_ref
    where help.given_on <= $as_of
),

settled as (
    select
        aid.source,
        aid.dataset,
        aid.delivery_id,
        aid.row_number,
        aid.extract_date,
        aid.amount,
        aid.settled_on,
        aid.row_ref,
        link.person_id,
        link.probability
    from hardship.settlement_aid as aid
    left join linkage.person_ref as link on aid.person_ref = link.person_ref
    where aid.settled_on <= $as_of
),

-- each repetition belongs to the earliest settlement that it can repeat
fitting as (
    select
        settled.row_ref,
        payment.given_on,
        row_number() over (
            partition by payment.row_ref order by settled.settled_on asc, settled.row_ref asc
        ) as place
    from hardship.medical_aid_payment as payment
    inner join settled on payment.person_id = settled.person_id
    where
        payment.repeats_settlement
        and abs(payment.amount - settled.amount) <= 0.01
        and date_diff('day', settled.settled_on, payment.given_on) between 0 and 90
),

repetition as (
    select
        row_ref,
        min(given_on) as paid_on
    from fitting
    where place = 1
    group by row_ref
),

every as (
    select
        paid.source,
        paid.dataset,
        paid.row_ref,
        paid.delivery_id,
        paid.row_number,
        paid.extract_date,
        paid.kind,
        paid.aid_type,
        paid.subtype,
        paid.amount,
        paid.hours,
        paid.given_on,
        cast(null as date) as paid_on,
        paid.benefit_month,
        paid.department,
        paid.group_key,
        paid.person_id,
        paid.probability
    from paid
    left join hardship.medical_aid_payment as payment
        on paid.row_ref = payment.row_ref and payment.repeats_settlement
    where payment.row_ref is null
    union all
    select
        settled.source,
        settled.dataset,
        settled.row_ref,
        settled.delivery_id,
        settled.row_number,
        settled.extract_date,
        'settlement' as kind,
        '医疗救助' as aid_type,
        cast(null as varchar) as subtype,
        settled.amount,
        cast(null as decimal(12, 2)) as hours,
        settled.settled_on as given_on,
        repetition.paid_on,
        cast(null as date) as benefit_month,
        cast(null as varchar) as department,
        cast(null as varchar) as group_key,
        settled.person_id,
        settled.probability
    from settled
    left join repetition on settled.row_ref = repetition.row_ref
),

-- whoever the row itself does not name: the home of the certificate's head, else of a member
holder as (
    select
        granted.group_key,
        ref.person_id,
        0 as place
    from standard.tier_grant as granted
    inner join linkage.person_ref as ref on granted.head_ref = ref.person_ref
    union all
    select
        claim.group_key,
        ref.person_id,
        1 as place
    from standard.tier_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where claim.group_key is not null
),

placed as (
    select
        holder.group_key,
        person.household_id,
        row_number() over (
            partition by holder.group_key order by holder.place asc, holder.person_id asc
        ) as choice
    from holder
    inner join population.person as person on holder.person_id = person.person_id
    where person.household_id is not null
),

-- a word that no list knows, and that few people's rows carry, may be somebody's name
carried as (
    select
        every.person_id,
        every.aid_type as word
    from every
    union all
    select
        every.person_id,
        every.subtype as word
    from every
    union all
    select
        every.person_id,
        every.department as word
    from every
),

shown as (
    select word
    from carried
    where word is not null
    group by word
    having count(distinct person_id) >= $shown_from or list_contains($shown_words, word)
),

-- what files call a department, put into one word; else whose rows they are
called as (
    select
        every.row_ref,
        every.kind,
        min(concat(word.place, word.title_zh)) as found
    from every
    inner join assistance.department_word as word
        on
            (word.by_source and every.department is null and every.source = word.word)
            or (not word.by_source and contains(every.department, word.word))
    group by every.row_ref, every.kind
)

select
    'F' || substr(sha256($id_secret || '|' || every.row_ref || '|' || every.kind), 1, 24)
        as event_id,
    coalesce(person.household_id, placed.household_id) as household_id,
    every.person_id,
    coalesce(word.kind, 'other') as special_assistance,
    every.kind,
    case
        when every.aid_type is null or shown_type.word is not null then every.aid_type
        else '□' || substr(sha256(every.aid_type), 1, 2)
    end as aid_type,
    case
        when every.subtype is null or shown_subtype.word is not null then every.subtype
        else '□' || substr(sha256(every.subtype), 1, 2)
    end as subtype,
    every.amount,
    every.hours,
    every.given_on,
    every.paid_on,
    every.benefit_month,
    case
        when called.found is not null then substr(called.found, 4)
        when shown_department.word is not null then every.department
        when regexp_matches(every.department, $organisation) then every.department
        else every.source
    end as department,
    coalesce(word.is_recurring, false) as is_recurring,
    every.source,
    every.dataset,
    every.delivery_id,
    every.row_number,
    every.extract_date,
    every.probability as identity_confidence
from every
left join population.person as person on every.person_id = person.person_id
left join placed
    on every.group_key = placed.group_key and placed.choice = 1 and every.person_id is null
left join assistance.kind_word as word on every.aid_type = word.word
left join shown as shown_type on every.aid_type = shown_type.word
left join shown as shown_subtype on every.subtype = shown_subtype.word
left join shown as shown_department on every.department = shown_department.word
left join called on every.row_ref = called.row_ref and every.kind = called.kind
