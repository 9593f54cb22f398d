-- The living who are in a tier tonight: their first tier, all of them in order, and since when.
with tier_order as (
    select
        tier,
        place
    from (
        values
        ('特困', '1'), ('低保', '2'), ('防止返贫监测', '3'),
        ('低保边缘', '4'), ('刚性支出困难', '5'), ('其他', '6')
    ) as listed (tier, place)
),

ranked as (
    select
        history.person_id,
        history.tier,
        coalesce(tier_order.place, '7') as place,
        history.valid_from,
        coalesce(history.valid_to, date '9999-12-31') as valid_to,
        history.evidence
    from population.tier_history as history
    left join tier_order on history.tier = tier_order.tier
    where history.valid_from <= cast($as_of as date)
),

-- unbroken time in any tier
opened as (
    select
        person_id,
        valid_from,
        valid_to,
        tier,
        max(valid_to) over (
            partition by person_id
            order by valid_from asc, valid_to asc, tier asc
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from ranked
),

numbered as (
    select
        person_id,
        valid_from,
        valid_to,
        sum(case when held_until >= valid_from then 0 else 1 end) over (
            partition by person_id
            order by valid_from asc, valid_to asc, tier asc
            rows between unbounded preceding and current row
        ) as island
    from opened
),

stay as (
    select
        person_id,
        island,
        min(valid_from) as since,
        max(valid_to) as until
    from numbered
    group by person_id, island
),

now_in as (
    select
        ranked.person_id,
        ranked.tier,
        ranked.place,
        ranked.valid_from,
        ranked.evidence,
        row_number() over (
            partition by ranked.person_id order by ranked.place asc, ranked.tier asc
        ) as standing
    from ranked
    inner join households.life as life on ranked.person_id = life.person_id
    where life.alive and ranked.valid_to > cast($as_of as date)
),

every_tier as (
    select
        person_id,
        list_transform(
            list_sort(list(concat(place, tier))), lambda word: substr(word, 2)
        ) as tiers
    from now_in
    group by person_id
)

select
    now_in.person_id,
    member.household_id,
    now_in.tier,
    every_tier.tiers,
    region.region_code,
    stay.since,
    now_in.valid_from,
    now_in.evidence
from now_in
inner join every_tier on now_in.person_id = every_tier.person_id
inner join households.member as member on now_in.person_id = member.person_id
inner join population.person_region as region on now_in.person_id = region.person_id
inner join stay
    on now_in.person_id = stay.person_id and stay.until > cast($as_of as date)
where now_in.standing = 1
