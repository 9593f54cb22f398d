-- Where each person lives: of certificate, roster, insured person and student the first that
-- reaches a village, else a township, else a county. Rows that stand go before rows that left.
with place as (
    select
        region_code,
        level,
        name,
        regexp_replace(
            regexp_replace(name, '(办事处|居民委员会|村民委员会|居委会|村委会)$', ''),
            '(街道|镇|乡|社区|村)$',
            ''
        ) as short_name,
        case level
            when 4 then substr(region_code, 1, 6)
            when 5 then substr(region_code, 1, 9)
        end as within
    from standard.region
    where level in (4, 5)
),

-- a name leads to a code where it is the only one of its kind within its parent
named_place as (
    select
        level,
        within,
        name as spelling,
        min(region_code) as region_code
    from place
    group by level, within, name
    having count(distinct region_code) = 1
    union all
    select
        level,
        within,
        concat('~', short_name) as spelling,
        min(region_code) as region_code
    from place
    where short_name <> ''
    group by level, within, short_name
    having count(distinct region_code) = 1
),

certified as (
    select
        tie.person_id,
        granted.region_code,
        cast(null as varchar) as township,
        cast(null as varchar) as village,
        1 as region_rank,
        granted.is_current,
        coalesce(granted.valid_to, date '9999-12-31') > cast($as_of as date) as in_force,
        granted.extract_date,
        granted.group_key as said_by
    from households.tie as tie
    inner join standard.tier_grant as granted on tie.group_key = granted.group_key
    where tie.evidence = 'certificate'
),

mentioned as (
    select
        link.person_id,
        mention.region_code,
        mention.township,
        mention.village,
        mention.region_rank,
        mention.is_current,
        true as in_force,
        mention.extract_date,
        mention.mention_key as said_by
    from standard.mention as mention
    inner join linkage.mention_link as link on mention.mention_key = link.mention_key
    where mention.region_rank > 1
),

said as (
    select
        person_id,
        region_code,
        township,
        village,
        region_rank,
        is_current,
        in_force,
        extract_date,
        said_by
    from certified
    union all
    select
        person_id,
        region_code,
        township,
        village,
        region_rank,
        is_current,
        in_force,
        extract_date,
        said_by
    from mentioned
),

with_township as (
    select
        said.person_id,
        case
            when substr(said.region_code, 7, 3) <> '000' then said.region_code
            else coalesce(exact.region_code, near.region_code, said.region_code)
        end as region_code,
        said.village,
        said.region_rank,
        said.is_current,
        said.in_force,
        said.extract_date,
        said.said_by
    from said
    left join named_place as exact
        on
            exact.level = 4
            and substr(said.region_code, 1, 6) = exact.within
            and trim(said.township) = exact.spelling
    left join named_place as near
        on
            near.level = 4
            and substr(said.region_code, 1, 6) = near.within
            and concat(
                '~',
                regexp_replace(
                    regexp_replace(trim(said.township), '办事处$', ''), '(街道|镇|乡)$', ''
                )
            ) = near.spelling
    where said.region_code is not null
),

with_village as (
    select
        with_township.person_id,
        case
            when
                substr(with_township.region_code, 7, 3) = '000'
                or substr(with_township.region_code, 10, 3) <> '000'
                then with_township.region_code
            else coalesce(exact.region_code, near.region_code, with_township.region_code)
        end as region_code,
        with_township.region_rank,
        with_township.is_current,
        with_township.in_force,
        with_township.extract_date,
        with_township.said_by
    from with_township
    left join named_place as exact
        on
            exact.level = 5
            and substr(with_township.region_code, 1, 9) = exact.within
            and trim(with_township.village) = exact.spelling
    left join named_place as near
        on
            near.level = 5
            and substr(with_township.region_code, 1, 9) = near.within
            and concat(
                '~',
                regexp_replace(
                    regexp_replace(
                        trim(with_township.village), '(居民委员会|村民委员会|居委会|村委会)$', ''
                    ),
                    '(社区|村)$',
                    ''
                )
            ) = near.spelling
),

reached as (
    select
        person_id,
        region_code,
        region_rank,
        is_current,
        in_force,
        extract_date,
        said_by,
        case
            when substr(region_code, 10, 3) <> '000' then 3
            when substr(region_code, 7, 3) <> '000' then 2
            when substr(region_code, 5, 2) <> '00' then 1
            else 0
        end as reach
    from with_village
),

ordered as (
    select
        person_id,
        region_code,
        region_rank,
        reach,
        row_number() over (
            partition by person_id
            order by
                is_current desc,
                reach desc,
                region_rank asc,
                in_force desc,
                extract_date desc,
                said_by asc
        ) as place
    from reached
)

select
    life.person_id,
    coalesce(ordered.region_code, '000000000000') as region_code,
    region.urban_rural,
    case coalesce(ordered.reach, 0)
        when 3 then 'village' when 2 then 'township' when 1 then 'county' else 'none'
    end as reach,
    case ordered.region_rank
        when 1 then 'certificate' when 2 then 'roster' when 3 then 'insured_person'
        when 4 then 'student'
    end as rested_on
from households.life as life
left join ordered on life.person_id = ordered.person_id and ordered.place = 1
left join standard.region as region on ordered.region_code = region.region_code
