-- Every negative settlement with the positive one that it cancels: the one that it names, else one
-- of the same insured person and visit with equal amounts, one to one. Without a partner it counts
-- and is reported here with positive_ref NULL.
with negative as (
    select
        spending.row_ref,
        spending.register_ref,
        spending.visit_id,
        spending.settled_on,
        -spending.total_cost as amount,
        -spending.personal_burden as burden,
        spending.source,
        spending.dataset,
        spending.original_settlement_id
    from standard.medical_spending as spending
    left join hardship.superseded_settlement as superseded
        on
            spending.row_ref = superseded.row_ref
            and spending.delivery_id = superseded.delivery_id
            and spending.row_number = superseded.row_number
    where
        superseded.row_ref is null
        and (
            spending.total_cost < 0
            or (spending.total_cost = 0 and spending.personal_burden < 0)
        )
),

negative_visit as (
    select distinct
        register_ref,
        visit_id
    from negative
),

named_original as (
    select distinct
        source,
        dataset,
        original_settlement_id
    from negative
    where original_settlement_id is not null
),

candidate as (
    -- in one look at the settlements
    select
        spending.row_ref,
        spending.delivery_id,
        spending.row_number,
        spending.register_ref,
        spending.visit_id,
        spending.settled_on,
        spending.refunded,
        spending.total_cost,
        spending.personal_burden,
        spending.source,
        spending.dataset,
        spending.settlement_id
    from standard.medical_spending as spending
    left join negative_visit
        on
            spending.register_ref = negative_visit.register_ref
            and spending.visit_id = negative_visit.visit_id
    left join named_original
        on
            spending.source = named_original.source
            and spending.dataset = named_original.dataset
            and spending.settlement_id = named_original.original_settlement_id
    where
        negative_visit.register_ref is not null
        or named_original.original_settlement_id is not null
),

positive as (
    select
        candidate.row_ref,
        candidate.register_ref,
        candidate.visit_id,
        candidate.settled_on,
        candidate.total_cost as amount,
        candidate.personal_burden as burden,
        candidate.source,
        candidate.dataset,
        candidate.settlement_id,
        case when candidate.refunded then 0 else 1 end as flag_rank
    from candidate
    left join hardship.superseded_settlement as superseded
        on
            candidate.row_ref = superseded.row_ref
            and candidate.delivery_id = superseded.delivery_id
            and candidate.row_number = superseded.row_number
    where
        superseded.row_ref is null
        and (
            candidate.total_cost > 0
            or (candidate.total_cost = 0 and candidate.personal_burden > 0)
        )
),

by_name as (
    select
        negative.row_ref as negative_ref,
        positive.row_ref as positive_ref,
        row_number() over (
            partition by positive.row_ref order by negative.settled_on, negative.row_ref
        ) as turn
    from negative
    inner join positive
        on
            negative.source = positive.source
            and negative.dataset = positive.dataset
            and negative.original_settlement_id = positive.settlement_id
),

named_pair as (
    select
        negative_ref,
        positive_ref
    from by_name
    where turn = 1
),

negative_for_exact as (
    select
        negative.row_ref,
        negative.register_ref,
        negative.visit_id,
        negative.amount,
        negative.burden,
        row_number() over (
            partition by
                negative.register_ref, negative.visit_id, negative.amount, negative.burden
            order by negative.settled_on, negative.row_ref
        ) as turn
    from negative
    left join named_pair on negative.row_ref = named_pair.negative_ref
    where named_pair.negative_ref is null
),

positive_for_exact as (
    select
        positive.row_ref,
        positive.register_ref,
        positive.visit_id,
        positive.amount,
        positive.burden,
        row_number() over (
            partition by
                positive.register_ref, positive.visit_id, positive.amount, positive.burden
            order by positive.flag_rank, positive.settled_on, positive.row_ref
        ) as turn
    from positive
    left join named_pair on positive.row_ref = named_pair.positive_ref
    where named_pair.positive_ref is null
),

exact_pair as (
    select
        negative_for_exact.row_ref as negative_ref,
        positive_for_exact.row_ref as positive_ref
    from negative_for_exact
    inner join positive_for_exact
        on
            negative_for_exact.register_ref = positive_for_exact.register_ref
            and negative_for_exact.visit_id = positive_for_exact.visit_id
            and negative_for_exact.amount = positive_for_exact.amount
            and negative_for_exact.burden = positive_for_exact.burden
            and negative_for_exact.turn = positive_for_exact.turn
),

negative_for_amount as (
    select
        negative.row_ref,
        negative.register_ref,
        negative.visit_id,
        negative.amount,
        row_number() over (
            partition by negative.register_ref, negative.visit_id, negative.amount
            order by negative.settled_on, negative.row_ref
        ) as turn
    from negative
    left join named_pair on negative.row_ref = named_pair.negative_ref
    left join exact_pair on negative.row_ref = exact_pair.negative_ref
    where named_pair.negative_ref is null and exact_pair.negative_ref is null
),

positive_for_amount as (
    select
        positive.row_ref,
        positive.register_ref,
        positive.visit_id,
        positive.amount,
        row_number() over (
            partition by positive.register_ref, positive.visit_id, positive.amount
            order by positive.flag_rank, positive.settled_on, positive.row_ref
        ) as turn
    from positive
    left join named_pair on positive.row_ref = named_pair.positive_ref
    left join exact_pair on positive.row_ref = exact_pair.positive_ref
    where named_pair.positive_ref is null and exact_pair.positive_ref is null
),

pair as (
    select
        negative_ref,
        positive_ref,
        'original' as paired_by
    from named_pair
    union all
    select
        negative_ref,
        positive_ref,
        'visit' as paired_by
    from exact_pair
    union all
    select
        negative_for_amount.row_ref as negative_ref,
        positive_for_amount.row_ref as positive_ref,
        'visit' as paired_by
    from negative_for_amount
    inner join positive_for_amount
        on
            negative_for_amount.register_ref = positive_for_amount.register_ref
            and negative_for_amount.visit_id = positive_for_amount.visit_id
            and negative_for_amount.amount = positive_for_amount.amount
            and negative_for_amount.turn = positive_for_amount.turn
)

select
    negative.row_ref as negative_ref,
    pair.positive_ref,
    negative.settled_on as negative_settled_on,
    positive.settled_on as positive_settled_on,
    coalesce(pair.paired_by, 'none') as paired_by
from negative
left join pair on negative.row_ref = pair.negative_ref
left join positive on pair.positive_ref = positive.row_ref
