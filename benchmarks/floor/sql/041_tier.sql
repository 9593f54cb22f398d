-- The living in their tiers tonight.
with held as (
    select member.person, certificate.category as tier
    from member
    inner join certificate on member.group_no = certificate.certificate_no
    where member.evidence = 'certificate' and member.is_current and member.covered
        and coalesce(certificate.valid_from, certificate.extract_date) <= $as_of
        and certificate.valid_to > $as_of
    union
    select
        coalesce(number, concat('named:', household_no, name)) as person,
        '防止返贫监测' as tier
    from prevention_roster_newest
    where monitor_type in ('脱贫不稳定户', '边缘易致贫户', '突发严重困难户')
        and is_current
        and coalesce(identified_on, extract_date) <= $as_of
        and coalesce(risk_removed_on, date '9999-12-31') > $as_of
)

select
    held.person,
    held.tier,
    case held.tier
        when '特困' then 1 when '低保' then 2 when '防止返贫监测' then 3
        when '低保边缘' then 4 when '刚性支出困难' then 5
    end as place
from held
inner join life on held.person = life.person
where life.alive
