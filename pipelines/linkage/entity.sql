-- One row per entity: everything its mentions say of it, as lists, and the best single values.
with tied as (
    select
        mention_entity.entity_no,
        mention_entity.number,
        mention_entity.borrowed,
        mention_feature.mention_no,
        mention_feature.mention_key,
        mention_feature.source,
        mention_feature.dataset,
        case
            when mention_feature.suffix = '' then mention_feature.record_key
            else substr(
                mention_feature.record_key,
                1,
                length(mention_feature.record_key) - length(mention_feature.suffix) - 1
            )
        end as row_key,
        mention_feature.register_ref,
        mention_feature.number_text,
        mention_feature.number_birth,
        mention_feature.number_sex,
        mention_feature.name_folded,
        mention_feature.name_pinyin,
        mention_feature.surname_pinyin,
        mention_feature.name_short,
        mention_feature.birth_date,
        mention_feature.sex,
        mention_feature.phone,
        mention_feature.region_code,
        mention_feature.group_keys,
        -- a list of households has a row for each person, under no key of its own
        mention_feature.is_current
        and mention_feature.register_ref is null
        and mention_feature.suffix = ''
        and list_contains(
            $household_lists, mention_feature.source || '/' || mention_feature.dataset
        ) as is_listed
    from linkage.mention_entity
    inner join linkage.mention_feature
        on mention_feature.mention_no = mention_entity.mention_no
),

listed as (
    select
        entity_no,
        min(mention_key) as mention_key,
        count(*) as mentions,
        min(number) as number,
        list_sort(list(distinct number) filter (where number is not null)) as numbers,
        min(borrowed) as borrowed,
        list_sort(list(distinct number_text) filter (where number_text is not null))
            as number_texts,
        list_sort(list(distinct register_ref) filter (where register_ref is not null))
            as register_refs,
        list_sort(list(distinct source || '/' || dataset)) as datasets,
        list_sort(list(distinct name_folded) filter (where name_folded is not null)) as names,
        min(name_pinyin) as sound,
        min(surname_pinyin) as surname,
        min(name_short) as short,
        list_sort(list(distinct birth_date) filter (where birth_date is not null)) as births,
        list_sort(list(distinct phone) filter (where phone is not null)) as phones,
        max(region_code) as region_code,
        min(birth_date) as birth_date,
        min(sex) as sex,
        min(case when number_sex is not null and number is not null then number_sex end)
            as number_sex,
        min(case when number is not null then number_birth end) as number_birth
    from tied
    group by entity_no
),

several_named as (
    select source, dataset, row_key, count(*) as mentions
    from tied
    group by source, dataset, row_key
),

tied_row as (
    select tied.entity_no, several_named.source || '/' || several_named.dataset || ':'
        || several_named.row_key as row_ref
    from tied
    inner join several_named
        on several_named.source = tied.source
        and several_named.dataset = tied.dataset
        and several_named.row_key = tied.row_key
    where several_named.mentions > 1
),

shared_row as (
    select entity_no, list_sort(list(distinct row_ref)) as shared_rows
    from tied_row
    group by entity_no
),

tied_group as (
    select
        tied.entity_no,
        member.group_key,
        case
            when tied.is_listed
            then tied.source || '/' || tied.dataset || ':' || member.group_key || '|'
                || tied.name_folded
        end as listed
    from tied
    cross join unnest(tied.group_keys) as member (group_key)
),

grouped as (
    select
        entity_no,
        list_sort(list(distinct group_key)) as group_keys,
        list_sort(list(distinct listed) filter (where listed is not null)) as listed
    from tied_group
    group by entity_no
)

select
    listed.entity_no,
    listed.mention_key,
    listed.mentions,
    -- whoever shows nothing but another paper may own an identity number elsewhere
    listed.number is null or listed.number like 'other %' as is_open,
    listed.number,
    listed.numbers,
    listed.borrowed,
    listed.number_texts,
    listed.register_refs,
    listed.datasets,
    listed.names,
    listed.sound,
    listed.surname,
    listed.short,
    coalesce(listed.number_birth, listed.birth_date) as birth_date,
    listed.births,
    coalesce(listed.number_sex, listed.sex) as sex,
    listed.phones,
    listed.region_code,
    grouped.group_keys,
    grouped.listed,
    shared_row.shared_rows
from listed
left join grouped on grouped.entity_no = listed.entity_no
left join shared_row on shared_row.entity_no = listed.entity_no
