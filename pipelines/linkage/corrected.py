"""Rows that a household's list shows under another number tonight: one row, corrected.

Such a list gives its rows no key, so a corrected number looks like one who left and another who
came. They are the same where the list of that household has one row of that name tonight, and
nobody else ever showed the number that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Household
from pipelines.lake.night import Night

#: rows of one name in one household's list, of which some stand in it tonight and others no more
NAMESAKES = """
with listed as (
    select
        mention_no, number, is_current, name_folded, source || '/' || dataset as list,
        unnest(group_keys) as group_key
    from linkage.mention_feature
    where
        register_ref is null and suffix = '' and name_folded is not null
        and list_contains($household_lists, source || '/' || dataset)
),

several as (
    select list, group_key, name_folded, count(*) filter (where is_current) as standing
    from listed
    group by list, group_key, name_folded
    having count(*) filter (where is_current) between 1 and count(*) - 1
)

select listed.mention_no, listed.number, listed.is_current, listed.name_folded, several.standing,
    concat_ws(chr(10), listed.list, listed.group_key, listed.name_folded) as place
from listed
inner join several
    on several.list = listed.list
    and several.group_key = listed.group_key
    and several.name_folded = listed.name_folded
"""


def household_lists(contracts: Iterable[Contract]) -> list[str]:
    """``source/dataset`` of those that put each row's person into a household."""
    return sorted(
        f"{contract.source}/{contract.dataset}"
        for contract in contracts
        if any(role.person == "" for role in contract.roles_of(Household))
    )


def namesakes(night: Night, lists: Sequence[str]) -> pl.DataFrame:
    """mention_no, number, name_folded, `place` (list, household and name), is_current, and how many
    are `standing` there tonight."""
    return night.query(NAMESAKES, {"household_lists": list(lists)})


def corrections(rows: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """`mention_no` and `successor`, the row that stands in its place tonight. `rows`: `namesakes`;
    `parties`: of their numbers, at least."""
    alone = parties.filter("alone").select("number", "name_folded")
    single = rows.filter(pl.col("standing") == 1)
    gone = single.filter(~pl.col("is_current"))
    free = pl.concat(
        [
            gone.filter(pl.col("number").is_null()),
            gone.join(alone, on=["number", "name_folded"], how="semi"),
        ]
    )
    stands = single.filter("is_current").select("place", successor="mention_no")
    found = free.join(stands, on="place").select("mention_no", "successor").unique()
    # who is listed twice and was corrected to two rows is left as it is
    return found.filter(pl.len().over("mention_no") == 1).sort("mention_no")
