-- The same recurring aid (kind, finer kind, month) more than once for one person; a payment that a
-- reversal of the same amount took back does not stand.
with payment as (
    select
        person_id,
        aid_type,
        coalesce(subtype, '') as subtype,
        date_trunc('month', coalesce(benefit_month, given_on)) as month,
        given_on,
        amount,
        abs(amount) as size,
        identity_confidence
    from assistance.event
    where
        is_recurring
        and kind = 'payment'
        and person_id is not null
        and given_on > $window_start
),

netted as (
    select
        person_id,
        aid_type,
        subtype,
        month,
        size,
        sum(case when amount > 0 then 1 else 0 end)
        - sum(case when amount < 0 then 1 else 0 end) as standing,
        max(case when amount > 0 then given_on end) as last_on,
        min(identity_confidence) as identity_confidence
    from payment
    group by person_id, aid_type, subtype, month, size
),

doubled as (
    select
        person_id,
        aid_type,
        subtype,
        month,
        sum(standing) as times,
        sum(standing * size) - max(size) as surplus,
        max(last_on) as last_on,
        min(identity_confidence) as identity_confidence
    from netted
    where standing > 0
    group by person_id, aid_type, subtype, month
    having sum(standing) > 1
)

select
    'same_aid_twice' as finding,
    concat(person_id, '|', aid_type, '|', subtype) as subject,
    person_id,
    min(last_on) as since,
    sum(surplus) as amount,
    min(identity_confidence) as identity_confidence,
    concat(
        '疑似：', aid_type, '有', cast(count(*) as varchar), '个月重复发放，首见于',
        strftime(min(month), '%Y-%m'), '，多发', cast(sum(surplus) as varchar), '元'
    ) as reason_zh,
    concat(
        'Suspected: ', aid_type, ' given more than once for ', cast(count(*) as varchar),
        ' months, first for ', strftime(min(month), '%Y-%m'), '; ', cast(sum(surplus) as varchar),
        ' yuan too much'
    ) as reason_en
from doubled
group by person_id, aid_type, subtype
