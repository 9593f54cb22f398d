"""quality.blocking from night to night: counts that follow what changed."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.patch import Changes
from pipelines.linkage.blocking import Counted, counted, counted_since
from pipelines.linkage.model import Blocking
from pipelines.linkage.profiles import exploded

SINGLE = Blocking("single", ("sound", "birth_text"), ())
LISTED = Blocking("listed", ("phones",), ("phones",))
SCHEMA = {
    "entity_no": pl.Int64, "is_open": pl.Boolean, "sound": pl.String, "birth_text": pl.String,
    "phones": pl.List(pl.String),
}  # fmt: skip
Row = tuple[int, bool, str | None, str | None, list[str]]
texts = st.sampled_from(["a", "b", None])


@st.composite
def towns(draw: st.DrawFn) -> list[Row]:
    numbers = draw(st.sets(st.integers(0, 9)))
    return [
        (no, draw(st.booleans()), draw(texts), draw(texts),
         draw(st.lists(st.sampled_from("pqr"), unique=True)))
        for no in sorted(numbers)
    ]  # fmt: skip


def table(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, SCHEMA, orient="row")


def since(before: list[Row], rows: list[Row], rule: Blocking) -> Counted | None:
    was = [row for row in before if row not in rows]
    now = [row for row in rows if row not in before]
    numbers = pl.DataFrame({"entity_no": sorted({row[0] for row in [*was, *now]})})
    changed = Changes(numbers, table(was), table(now))
    return counted_since(counted(table(before), rule), table(rows), changed, rule)


@given(before=towns(), rows=towns(), rule=st.sampled_from([SINGLE, LISTED]))
def test_counts_that_follow_changes_are_those_of_everybody(
    before: list[Row], rows: list[Row], rule: Blocking
) -> None:
    found, expected = since(before, rows, rule), counted(table(rows), rule)
    if found is not None:
        assert found == expected
    else:
        assert expected.largest < counted(table(before), rule).largest


def test_the_largest_block_is_looked_for_only_where_it_shrank() -> None:
    three: list[Row] = [(no, True, "a", "a", []) for no in range(3)]
    two: list[Row] = [(no, True, "b", "b", []) for no in range(3, 5)]
    assert counted(table([*three, *two]), SINGLE) == Counted(5, 4, 3)
    assert since([*three, *two], [*three, *two[1:]], SINGLE) == Counted(4, 3, 3)
    assert since([*three, *two], [*three[1:], *two], SINGLE) is None
    four: list[Row] = [*two, (5, False, "b", "b", []), (6, False, "b", "b", [])]
    assert since([*three, *two], [*three[1:], *four], SINGLE) == Counted(4, 6, 5)


def test_lists_that_a_model_does_not_block_by_are_not_asked_for() -> None:
    read = table([(1, True, "a", "a", ["p", "q"])]).select("entity_no", "phones")
    assert {name: side.rows() for name, side in exploded(read).items()} == {
        "phones": [(1, "p"), (1, "q")]
    }
