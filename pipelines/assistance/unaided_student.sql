-- Pupils below higher education, long enough in a tier, who had no student aid for a long time.
with aid as (
    select
        person_id,
        max(given_on) as last_aid_on
    from assistance.event
    where special_assistance = 'education' and person_id is not null and coalesce(amount, 1) > 0
    group by person_id
)

select
    'student_without_aid' as finding,
    stay.person_id as subject,
    stay.person_id,
    stay.household_id,
    case when aid.last_aid_on > stay.since then aid.last_aid_on else stay.since end as since,
    cast(null as decimal(18, 2)) as amount,
    stay.identity_confidence,
    concat(
        '疑似：在读学生，自', strftime(stay.since, '%Y-%m-%d'), '起在册（', stay.tier, '），',
        case
            when aid.last_aid_on is null then '未见资助'
            else concat('最近一次资助为', strftime(aid.last_aid_on, '%Y-%m-%d'))
        end
    ) as reason_zh,
    concat(
        'Suspected: a pupil in a tier (', stay.tier, ') since ',
        strftime(stay.since, '%Y-%m-%d'),
        case
            when aid.last_aid_on is null then '; no student aid'
            else concat('; the last student aid was on ', strftime(aid.last_aid_on, '%Y-%m-%d'))
        end
    ) as reason_en
from assistance.tier_stay as stay
inner join population.person_attribute as attribute on stay.person_id = attribute.person_id
left join aid on stay.person_id = aid.person_id
where
    stay.special_assistance = 'education'
    and attribute.is_student
    and attribute.stage in ('1', '2', '3', '4', '5')
    and stay.since <= $in_tier_by
    and (aid.last_aid_on is null or aid.last_aid_on <= $aided_after)
