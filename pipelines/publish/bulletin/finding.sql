-- Gaps and overlaps, of how many looked at.
select
    finding,
    is_gap,
    title_zh,
    title_en,
    looked_at,
    found,
    certain,
    held_back
from assistance.finding_share
order by is_gap desc, found desc, finding
