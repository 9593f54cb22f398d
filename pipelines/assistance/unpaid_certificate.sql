-- Certificates that should be paid month by month, begun long ago, with nothing paid to them or to
-- their members lately. One whose people have all died is owed nothing.
with active as (
    select
        granted.group_key,
        granted.tier,
        granted.valid_from,
        granted.head_ref
    from standard.tier_grant as granted
    inner join (
        select distinct cash_tier from assistance.kind_word where cash_tier is not null
    ) as cash on granted.tier = cash.cash_tier
    where
        granted.valid_from < $paid_after
        and (granted.valid_to is null or granted.valid_to > $as_of)
),

holder as (
    select
        active.group_key,
        ref.person_id,
        ref.probability,
        '0' as place
    from active
    inner join linkage.person_ref as ref on active.head_ref = ref.person_ref
    union all
    select
        active.group_key,
        ref.person_id,
        ref.probability,
        case when claim.covered then '1' else '2' end as place
    from active
    inner join standard.tier_claim as claim on active.group_key = claim.group_key
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where claim.valid_to is null or claim.valid_to > $as_of
),

alive as (
    select
        holder.group_key,
        holder.person_id,
        holder.probability,
        holder.place,
        person.household_id,
        row_number() over (
            partition by holder.group_key order by holder.place asc, holder.person_id asc
        ) as choice
    from holder
    inner join population.person as person on holder.person_id = person.person_id
    where person.alive
),

payment as (
    select
        help.group_key,
        link.person_id,
        help.given_on,
        help.amount,
        help.source || '/' || help.dataset || ':' || help.record_key as row_ref
    from standard.help as help
    inner join assistance.kind_word as word
        on help.aid_type = word.word and word.cash_tier is not null
    left join linkage.person_ref as link on help.person_ref = link.person_ref
    where help.given_on <= $as_of
),

-- to the certificate, or to one of its people
received as (
    select
        active.group_key,
        payment.row_ref,
        payment.given_on,
        payment.amount
    from active
    inner join payment on active.group_key = payment.group_key
    union
    select
        holder.group_key,
        payment.row_ref,
        payment.given_on,
        payment.amount
    from holder
    inner join payment on holder.person_id = payment.person_id
),

summed as (
    select
        group_key,
        sum(case when given_on > $paid_after then amount else 0 end) as lately,
        max(case when amount > 0 then given_on end) as last_paid_on
    from received
    group by group_key
),

living as (
    select distinct group_key
    from alive
    where place = '1'
)

select
    'no_payment_90_days' as finding,
    active.group_key as subject,
    alive.person_id,
    alive.household_id,
    case
        when summed.last_paid_on > active.valid_from then summed.last_paid_on
        else active.valid_from
    end as since,
    cast(null as decimal(18, 2)) as amount,
    alive.probability as identity_confidence,
    concat(
        '疑似：', active.tier, '证自', strftime(active.valid_from, '%Y-%m-%d'), '起有效，',
        case
            when summed.last_paid_on is null then '未见任何发放'
            else concat('最近一次发放为', strftime(summed.last_paid_on, '%Y-%m-%d'))
        end
    ) as reason_zh,
    concat(
        'Suspected: a certificate (', active.tier, ') is in force since ',
        strftime(active.valid_from, '%Y-%m-%d'),
        case
            when summed.last_paid_on is null then '; nothing was ever paid'
            else concat('; the last payment was on ', strftime(summed.last_paid_on, '%Y-%m-%d'))
        end
    ) as reason_en
from active
inner join living on active.group_key = living.group_key
inner join alive on active.group_key = alive.group_key and alive.choice = 1
left join summed on active.group_key = summed.group_key
where coalesce(summed.lately, 0) <= 0
