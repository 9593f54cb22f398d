-- What stands of twelve months and who had it: the number on the row, where it is somebody
-- else's, goes before the insurance number.
with standing as (
    select
        settled.settlement_id,
        settled.psn_no,
        settled.id_number,
        settled.settled_at,
        settled.personal_burden,
        settled.medical_aid,
        settled.in_scope_cost - coalesce(settled.fund_total, case when coalesce(
            settled.basic_fund, settled.civil_servant_fund, settled.enterprise_fund,
            settled.major_illness_fund, settled.large_sum_fund, settled.disability_fund,
            settled.medical_aid, settled.other_fund) is not null
            then coalesce(settled.basic_fund, 0) + coalesce(settled.civil_servant_fund, 0)
            + coalesce(settled.enterprise_fund, 0) + coalesce(settled.major_illness_fund, 0)
            + coalesce(settled.large_sum_fund, 0) + coalesce(settled.disability_fund, 0)
            + coalesce(settled.medical_aid, 0) + coalesce(settled.other_fund, 0) end)
            as in_scope_burden
    from settlement_newest as settled
    left join void on settled.settlement_id = void.settlement_id
    where void.settlement_id is null
        and not (coalesce(settled.refunded, false) and settled.total_cost >= 0)
        and (settled.settled_at > $window_start or settled.medical_aid <> 0)
        and settled.settled_at <= $as_of
),

placed as (
    select
        standing.settled_at,
        standing.personal_burden,
        standing.medical_aid,
        standing.in_scope_burden,
        standing.psn_no,
        psn.person,
        case when psn.number is null or psn.number <> standing.id_number
            then standing.id_number end as id_number
    from standing
    left join psn on standing.psn_no = psn.psn_no
),

tidied as (
    select
        placed.settled_at,
        placed.personal_burden,
        placed.medical_aid,
        placed.in_scope_burden,
        placed.psn_no,
        placed.person,
        placed.id_number,
        tidy_of(placed.id_number) as id_number_tidy
    from placed
),

numbered as (
    select
        tidied.settled_at,
        tidied.personal_burden,
        tidied.medical_aid,
        tidied.in_scope_burden,
        tidied.psn_no,
        tidied.person,
        number_of(tidied.id_number_tidy, tidied.id_number) as number
    from tidied
)

select
    numbered.settled_at,
    numbered.personal_burden,
    numbered.medical_aid,
    numbered.in_scope_burden,
    coalesce(own.person, numbered.person, numbered.number, concat('psn:', numbered.psn_no)) as person
from numbered
left join person as own on numbered.number = own.person
