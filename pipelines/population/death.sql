-- Deaths on or before the night; a doubtful one is listed for review and moves nobody.
select
    person_id,
    died_on,
    doubtful,
    doubt,
    evidence
from households.death
