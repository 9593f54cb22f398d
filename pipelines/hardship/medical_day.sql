-- What stood after refunds and corrections: a person's settlements of one day, visit and kind of
-- care, for the touched days. An amount is NULL where one of its parts is unknown.
with paired as (
    select negative_ref as row_ref
    from hardship.refund_pair
    where positive_ref is not null
    union all
    select positive_ref as row_ref
    from hardship.refund_pair
    where positive_ref is not null
),

standing as (
    select
        case when redirect.row_ref is null then spending.register_ref else spending.row_ref end
            as person_ref,
        spending.settled_on,
        spending.visit_id,
        case
            when
                spending.care_type like '2%'
                or spending.care_type = '52'
                or spending.care_type = '3101'
                then 'inpatient'
            when spending.care_type like '14%' then 'chronic'
            else 'other'
        end as care_class,
        spending.total_cost,
        spending.personal_burden,
        spending.in_scope_cost - spending.fund_total as in_scope_burden,
        spending.medical_aid,
        spending.begin_on,
        spending.end_on
    from standard.medical_spending as spending
    inner join hardship.touched_day as touched on spending.settled_on = touched.settled_on
    left join hardship.superseded_settlement as superseded
        on
            spending.row_ref = superseded.row_ref
            and spending.delivery_id = superseded.delivery_id
            and spending.row_number = superseded.row_number
    left join paired on spending.row_ref = paired.row_ref
    left join linkage.redirect as redirect on spending.row_ref = redirect.row_ref
    where
        superseded.row_ref is null
        and paired.row_ref is null
        and not (coalesce(spending.refunded, false) and spending.total_cost >= 0)
)

select
    person_ref,
    settled_on,
    visit_id,
    care_class,
    count(*) as settlements,
    case when count(total_cost) = count(*) then sum(total_cost) end as total_cost,
    case when count(personal_burden) = count(*) then sum(personal_burden) end as personal_burden,
    case when count(in_scope_burden) = count(*) then sum(in_scope_burden) end as in_scope_burden,
    coalesce(sum(in_scope_burden), 0) as in_scope_known,
    case when count(medical_aid) = count(*) then sum(medical_aid) end as medical_aid,
    min(begin_on) as first_begin_on,
    max(end_on) as last_end_on
from standing
group by person_ref, settled_on, visit_id, care_class
