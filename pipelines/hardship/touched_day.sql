-- Days whose person-day facts must be made anew: days of newly received rows, of older versions of
-- their keys, and of rows whose pair or redirect status differs from the night before.
with new_row as (
    select
        spending.row_ref,
        spending.settled_on
    from standard.medical_spending as spending
    inner join hardship.medical_delivery as delivery
        on spending.delivery_id = delivery.delivery_id
    where delivery.is_new
),

new_key as (
    select distinct row_ref
    from new_row
),

older_version as (
    select superseded.settled_on
    from hardship.superseded_settlement as superseded
    inner join new_key on superseded.row_ref = new_key.row_ref
),

pair_formed as (
    select
        negative_ref,
        positive_ref,
        negative_settled_on,
        positive_settled_on
    from hardship.refund_pair
    except
    select
        negative_ref,
        positive_ref,
        negative_settled_on,
        positive_settled_on
    from prev_hardship.refund_pair
),

pair_dissolved as (
    select
        negative_ref,
        positive_ref,
        negative_settled_on,
        positive_settled_on
    from prev_hardship.refund_pair
    except
    select
        negative_ref,
        positive_ref,
        negative_settled_on,
        positive_settled_on
    from hardship.refund_pair
),

redirect_begun as (
    select row_ref from linkage.redirect
    except
    select row_ref from prev_linkage.redirect
),

redirect_ended as (
    select row_ref from prev_linkage.redirect
    except
    select row_ref from linkage.redirect
),

redirect_changed as (
    select row_ref from redirect_begun
    union
    select row_ref from redirect_ended
),

redirected_row as (
    select spending.settled_on
    from standard.medical_spending as spending
    inner join redirect_changed on spending.row_ref = redirect_changed.row_ref
),

touched as (
    select settled_on from new_row
    union
    select settled_on from older_version
    union
    select negative_settled_on as settled_on from pair_formed
    union
    select positive_settled_on as settled_on from pair_formed
    union
    select negative_settled_on as settled_on from pair_dissolved
    union
    select positive_settled_on as settled_on from pair_dissolved
    union
    select settled_on from redirected_row
)

select settled_on
from touched
where settled_on is not null
