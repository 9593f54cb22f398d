-- The first believed extract date on which a row said something, by key.
-- The generator puts the steps delivery, piece and landed before these.
select
    landed.record_key,
    min(landed.extract_date) as since
from landed
inner join piece
    on
        landed.scope = piece.scope
        and landed.extract_date = piece.extract_date
        and landed.received_on = piece.received_on
group by landed.record_key
