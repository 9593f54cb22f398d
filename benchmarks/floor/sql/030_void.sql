-- Settlements that a refund takes back, and the refunds that do.
with negative as (
    select
        settlement_id,
        psn_no,
        coalesce(visit_id, settlement_id) as visit_id,
        original_settlement_id,
        -total_cost as amount,
        settled_at
    from settlement_newest
    where total_cost < 0 or (total_cost = 0 and personal_burden < 0)
),

named as (
    select
        negative.settlement_id as negative_id,
        paid.settlement_id as positive_id
    from negative
    inner join settlement_newest as paid
        on negative.original_settlement_id = paid.settlement_id
    where paid.total_cost > 0 or (paid.total_cost = 0 and paid.personal_burden > 0)
),

left_over as (
    select
        negative.settlement_id,
        negative.psn_no,
        negative.visit_id,
        negative.amount,
        row_number() over (
            partition by negative.psn_no, negative.visit_id, negative.amount
            order by negative.settled_at, negative.settlement_id
        ) as turn
    from negative
    left join named on negative.settlement_id = named.negative_id
    where named.negative_id is null
),

visit as (
    select distinct psn_no, visit_id
    from left_over
),

paid as (
    select
        settled.settlement_id,
        settled.psn_no,
        visit.visit_id,
        settled.total_cost as amount,
        row_number() over (
            partition by settled.psn_no, visit.visit_id, settled.total_cost
            order by case when settled.refunded then 0 else 1 end, settled.settled_at,
                settled.settlement_id
        ) as turn
    from settlement_newest as settled
    inner join visit
        on settled.psn_no = visit.psn_no
        and coalesce(settled.visit_id, settled.settlement_id) = visit.visit_id
    left join named on settled.settlement_id = named.positive_id
    where settled.total_cost > 0 and named.positive_id is null
),

pair as (
    select negative_id, positive_id from named
    union all
    select left_over.settlement_id as negative_id, paid.settlement_id as positive_id
    from left_over
    inner join paid
        on left_over.psn_no = paid.psn_no
        and left_over.visit_id = paid.visit_id
        and left_over.amount = paid.amount
        and left_over.turn = paid.turn
)

select negative_id as settlement_id from pair
union
select positive_id as settlement_id from pair
