-- Matching in figures, by dataset and by group of people: an average hides who is missed.
-- Rates are estimates, not measured against a truth. A false match: by the model's own probability.
-- A missed one: of who has a number and yet was found nowhere else, the best candidate's probability;
-- who has none would be found elsewhere as often as those of the same dataset who have one.
with dataset_share as (
    select
        source,
        dataset,
        sum(mentions - unlinked) / cast(nullif(sum(mentions), 0) as double) as found_share
    from linkage.match_count
    where not has_no_number
    group by source, dataset
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
        + coalesce(counted.unlinked_without * dataset_share.found_share, counted.missed_without)
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
