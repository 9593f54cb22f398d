-- Recurring aid that went on after a death: for a month after the month of death; where no month
-- is named, paid later than the end of the month after it. What was paid before the death and what
-- was taken back do not count.
with payment as (
    select
        event.person_id,
        event.aid_type,
        event.subtype,
        event.amount,
        event.given_on,
        event.benefit_month,
        event.identity_confidence,
        death.died_on,
        death.doubtful
    from assistance.event as event
    inner join population.death as death on event.person_id = death.person_id
    where
        event.is_recurring
        and event.kind = 'payment'
        and event.given_on > $window_start
        and event.given_on > death.died_on
        and (
            date_trunc('month', event.benefit_month) > date_trunc('month', death.died_on)
            or (
                event.benefit_month is null
                and event.given_on >= date_trunc('month', death.died_on) + interval 2 month
            )
        )
),

standing as (
    select
        person_id,
        aid_type,
        died_on,
        doubtful,
        min(given_on) as first_on,
        max(given_on) as last_on,
        sum(amount) as amount,
        min(identity_confidence) as identity_confidence
    from payment
    group by
        person_id, aid_type, died_on, doubtful, subtype,
        date_trunc('month', coalesce(benefit_month, given_on))
    having sum(amount) > 0
)

select
    'paid_after_death' as finding,
    concat(person_id, '|', aid_type) as subject,
    person_id,
    min(first_on) as since,
    sum(amount) as amount,
    min(identity_confidence) as identity_confidence,
    bool_or(doubtful) as doubtful,
    concat(
        '疑似：', strftime(min(died_on), '%Y-%m-%d'), '死亡',
        case when bool_or(doubtful) then '（存疑）' else '' end,
        '后仍发放', aid_type, cast(sum(amount) as varchar), '元，最近一笔为',
        strftime(max(last_on), '%Y-%m-%d')
    ) as reason_zh,
    concat(
        'Suspected: ', cast(sum(amount) as varchar), ' yuan (', aid_type, ') after the death on ',
        strftime(min(died_on), '%Y-%m-%d'),
        case when bool_or(doubtful) then ' (doubtful)' else '' end,
        '; the latest on ', strftime(max(last_on), '%Y-%m-%d')
    ) as reason_en
from standing
group by person_id, aid_type
