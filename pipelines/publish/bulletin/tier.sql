-- People in a tier, and who entered, left or moved tonight, by tier.
with now as (
    select
        tier,
        count(*) as persons
    from population.monitored_person
    group by tier
),

entered as (
    select
        change.to_tier as tier,
        count(*) as persons
    from population.change as change
    inner join meta.run as run on change.as_of = run.as_of
    where change.change in ('entered', 'moved')
    group by change.to_tier
),

gone as (
    select
        change.from_tier as tier,
        count(*) as persons
    from population.change as change
    inner join meta.run as run on change.as_of = run.as_of
    where change.change in ('left', 'moved')
    group by change.from_tier
)

select
    coalesce(now.tier, entered.tier, gone.tier) as tier,
    coalesce(now.persons, 0) as persons,
    coalesce(entered.persons, 0) as entered,
    coalesce(gone.persons, 0) as gone
from now
full join entered on now.tier = entered.tier
full join gone on coalesce(now.tier, entered.tier) = gone.tier
