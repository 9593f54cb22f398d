-- Services billed for somebody who was dead, or who lay in hospital on that day (the days of
-- admission and discharge, and services that may be given there, left out).
with service as (
    select
        person_id,
        given_on,
        hours,
        subtype,
        identity_confidence
    from assistance.event
    where kind = 'service' and person_id is not null and given_on > $window_start
),

stay as (
    select
        link.person_id,
        day.visit_id,
        min(day.first_begin_on) as begin_on,
        max(day.last_end_on) as end_on
    from hardship.medical_day as day
    inner join linkage.person_ref as link on day.person_ref = link.person_ref
    where day.care_class = 'inpatient'
    group by link.person_id, day.visit_id
    having sum(day.total_cost) > 0
),

found as (
    select
        'service_after_death' as finding,
        service.person_id,
        service.given_on,
        service.hours,
        service.identity_confidence,
        death.doubtful
    from service
    inner join population.death as death
        on service.person_id = death.person_id and service.given_on > death.died_on
    union
    select
        'service_in_hospital' as finding,
        service.person_id,
        service.given_on,
        service.hours,
        service.identity_confidence,
        false as doubtful
    from service
    inner join stay
        on
            service.person_id = stay.person_id
            and service.given_on > stay.begin_on
            and service.given_on < stay.end_on
    left join assistance.hospital_service as allowed on service.subtype = allowed.word
    where allowed.word is null
)

select
    finding,
    person_id as subject,
    person_id,
    min(given_on) as since,
    min(identity_confidence) as identity_confidence,
    bool_or(doubtful) as doubtful,
    concat(
        '疑似：', case when finding = 'service_after_death' then '死亡后' else '住院期间' end,
        '仍计服务', cast(count(*) as varchar), '次，最近一次为',
        strftime(max(given_on), '%Y-%m-%d')
    ) as reason_zh,
    concat(
        'Suspected: ', cast(count(*) as varchar), ' services billed ',
        case when finding = 'service_after_death' then 'after death' else 'during a hospital stay' end,
        ', the latest on ', strftime(max(given_on), '%Y-%m-%d')
    ) as reason_en
from found
group by finding, person_id
