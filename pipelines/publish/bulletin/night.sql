-- The night, and the size of what could not be judged for want of an income.
select
    run.as_of,
    run.recorded_at,
    run.previous_night,
    run.policy,
    run.policy_version,
    run.code_version,
    run.checks,
    run.checks_failed,
    run.files_received,
    run.files_refused,
    run.rows_landed,
    run.rows_quarantined,
    (select count(*) from population.person where alive) as persons,
    (select count(*) from population.household) as households,
    (select count(*) from population.household where not income_known) as income_unknown
from meta.run as run
