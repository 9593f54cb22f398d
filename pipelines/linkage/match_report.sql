-- Matching in figures, by dataset and by group of people: an average hides who is missed.
-- Rates are estimates, not measured against a truth. A false match: by the model's own probability.
-- A missed one: of who has a number and yet was found nowhere else, the best candidate's probability.
-- Who has none should be alone no more often than those of the same dataset who have one; what is
-- alone beyond that is missed, spread over the groups as the unlinked are.
with by_number as (
    select
        source,
        dataset,
        cast(sum(case when has_no_number then 0 else mentions end) as double) as mentions_with,
        cast(sum(case when has_no_number then 0 else unlinked end) as double) as unlinked_with,
        cast(sum(case when has_no_number then mentions else 0 end) as double) as mentions_without,
        cast(sum(case when has_no_number then unlinked else 0 end) as double) as unlinked_without
    from linkage.match_count
    group by source, dataset
),

dataset_share as (
    select
        source,
        dataset,
        greatest(
            0.0, 1.0 - unlinked_with / mentions_with * mentions_without / unlinked_without
        ) as missed_share
    from by_number
    where mentions_with > 0.0 and unlinked_without > 0.0
),

named as (
    select
        unnest([
            'all', 'no_number', 'children_under_7', 'pupils', 'over_75', 'minority_names', 'rural', 'moved'
        ]) as subgroup
),

counted as (
    select
        match_count.source,
        match_count.dataset,
        named.subgroup,
        sum(match_count.mentions) as mentions,
        sum(match_count.linked_by_id) as linked_by_id,
        sum(match_count.linked_by_probability) as linked_by_probability,
        sum(match_count.unlinked) as unlinked,
        sum(match_count.in_review) as in_review,
        sum(match_count.wrong_millionths) / 1000000.0 as wrong_links,
        sum(match_count.right_millionths) / 1000000.0 as right_links,
        sum(case when match_count.has_no_number then 0 else match_count.missed_millionths end)
        / 1000000.0 as missed_with_number,
        sum(case when match_count.has_no_number then match_count.missed_millionths else 0 end)
        / 1000000.0 as missed_without,
        sum(case when match_count.has_no_number then match_count.unlinked else 0 end)
            as unlinked_without
    from linkage.match_count
    cross join named
    where
        case named.subgroup
            when 'all' then true
            when 'no_number' then match_count.has_no_number
            when 'children_under_7' then match_count.is_under_7
            when 'pupils' then match_count.is_pupil
            when 'over_75' then match_count.is_over_75
            when 'minority_names' then match_count.is_minority
            when 'rural' then match_count.is_rural
            when 'moved' then match_count.has_moved
        end
    group by match_count.source, match_count.dataset, named.subgroup
),

expected as (
    select
        counted.source,
        counted.dataset,
        counted.subgroup,
        counted.mentions,
        counted.linked_by_id,
        counted.linked_by_probability,
        counted.unlinked,
        counted.in_review,
        counted.wrong_links,
        counted.right_links,
        counted.missed_with_number
        + coalesce(counted.unlinked_without * dataset_share.missed_share, counted.missed_without)
            as missed_links
    from counted
    left join dataset_share
        on dataset_share.source = counted.source and dataset_share.dataset = counted.dataset
)

select
    source,
    dataset,
    subgroup,
    mentions as rows,
    linked_by_id,
    linked_by_probability,
    unlinked,
    in_review,
    round(wrong_links / nullif(wrong_links + right_links, 0.0), 6) as estimated_false_match_rate,
    round(missed_links / nullif(missed_links + right_links, 0.0), 6)
        as estimated_missed_match_rate
from expected
