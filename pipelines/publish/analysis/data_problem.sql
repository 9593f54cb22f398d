-- What is wrong with the data of tonight, in one list: late, refused, set aside, failing.
with refused as (
    select
        receipt.source,
        receipt.dataset,
        count(*) as files,
        min(receipt.received_night) as since
    from quality.receipt as receipt
    inner join meta.run as run on receipt.received_night = run.as_of
    where receipt.status = 'refused'
    group by receipt.source, receipt.dataset
),

aside as (
    select
        source,
        dataset,
        count(*) as aside_rows,
        min(first_seen) as since
    from quality.quarantine
    where readmitted_on is null
    group by source, dataset
)

select
    'late' as problem,
    source || '/' || dataset as subject,
    cast(age_days as bigint) as amount,
    newest_extract as since,
    '超过应到期限，数值为数据已有天数' as meaning_zh,
    'past its due date; the amount is the age in days (NULL: never came)' as meaning_en
from quality.freshness
where late

union all

select
    'refused' as problem,
    source || '/' || dataset as subject,
    files as amount,
    since,
    '今夜拒收的文件数' as meaning_zh,
    'files refused tonight' as meaning_en
from refused

union all

select
    'set_aside' as problem,
    source || '/' || dataset as subject,
    aside_rows as amount,
    since,
    '仍在隔离的行数' as meaning_zh,
    'rows that are still set aside' as meaning_en
from aside

union all

select
    'check_failed' as problem,
    suite || ':' || check_name as subject,
    unexpected_count as amount,
    as_of as since,
    meaning_zh,
    meaning_en
from quality.expectation
where not success
