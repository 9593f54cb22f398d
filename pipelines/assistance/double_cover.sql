-- Two certificates that covered one person at the same time within 12 months: of two categories
-- over full months, in two counties, or of one category and county (counted in two households).
with span as (
    select
        person_id,
        group_key,
        tier,
        county,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to,
        min(probability) as probability
    from assistance.covered
    where valid_from < valid_to
    group by person_id, group_key, tier, county
),

pair as (
    select
        one.person_id,
        one.group_key as one_key,
        other.group_key as other_key,
        one.tier as one_tier,
        other.tier as other_tier,
        one.county as one_county,
        other.county as other_county,
        greatest(one.valid_from, other.valid_from) as since,
        greatest(
            one.valid_from, other.valid_from, cast($window_start as date) + interval 1 day
        ) as both_from,
        least(one.valid_to, other.valid_to, cast($as_of as date) + interval 1 day) as both_to,
        least(one.probability, other.probability) as probability
    from span as one
    inner join span as other
        on one.person_id = other.person_id and one.group_key < other.group_key
),

together as (
    select
        person_id,
        one_key,
        other_key,
        one_tier,
        other_tier,
        one_county,
        other_county,
        since,
        probability,
        date_diff(
            'month',
            date_trunc('month', both_from + interval 1 month - interval 1 day),
            date_trunc('month', both_to)
        ) as full_months
    from pair
    where both_from < both_to
),

found as (
    select
        'two_tiers' as finding,
        person_id,
        one_key,
        other_key,
        since,
        probability,
        one_tier as one_word,
        other_tier as other_word
    from together
    where one_tier <> other_tier and full_months >= $full_months
    union all
    select
        'two_places' as finding,
        person_id,
        one_key,
        other_key,
        since,
        probability,
        one_county as one_word,
        other_county as other_word
    from together
    where one_county <> other_county
    union all
    select
        'two_households' as finding,
        person_id,
        one_key,
        other_key,
        since,
        probability,
        one_tier as one_word,
        other_tier as other_word
    from together
    where
        one_tier = other_tier
        and coalesce(one_county, '') = coalesce(other_county, '')
        and full_months >= $full_months
),

cash as (
    select
        help.group_key,
        help.given_on,
        help.amount
    from standard.help as help
    inner join assistance.kind_word as word
        on help.aid_type = word.word and word.cash_tier is not null
    where help.given_on > $window_start and help.given_on <= $as_of
),

certificate as (
    select
        finding,
        person_id,
        one_key as group_key,
        since
    from found
    union
    select
        finding,
        person_id,
        other_key as group_key,
        since
    from found
),

paid as (
    select
        certificate.finding,
        certificate.person_id,
        sum(cash.amount) as amount
    from certificate
    inner join cash
        on certificate.group_key = cash.group_key and certificate.since <= cash.given_on
    group by certificate.finding, certificate.person_id
),

person_found as (
    select
        finding,
        person_id,
        min(since) as since,
        min(probability) as probability,
        min(case when one_word < other_word then one_word else other_word end) as low_word,
        max(case when one_word < other_word then other_word else one_word end) as high_word
    from found
    group by finding, person_id
)

select
    person_found.finding,
    person_found.person_id as subject,
    person_found.person_id,
    person_found.since,
    coalesce(paid.amount, 0) as amount,
    person_found.probability as identity_confidence,
    case person_found.finding
        when 'two_tiers'
            then concat(
                '疑似：同时享受', person_found.low_word, '与', person_found.high_word, '满两个月以上'
            )
        when 'two_places'
            then concat('疑似：在', person_found.low_word, '与', person_found.high_word, '两地同时在保')
        else '疑似：同一人同时计入两个救助证'
    end as reason_zh,
    case person_found.finding
        when 'two_tiers'
            then concat(
                'Suspected: in ', person_found.low_word, ' and ', person_found.high_word,
                ' at once over full months'
            )
        when 'two_places'
            then concat(
                'Suspected: covered in ', person_found.low_word, ' and ', person_found.high_word,
                ' at once'
            )
        else 'Suspected: one person counted under two certificates at once'
    end as reason_en
from person_found
left join paid
    on person_found.finding = paid.finding and person_found.person_id = paid.person_id
