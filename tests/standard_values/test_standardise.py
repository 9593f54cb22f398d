"""A frame of strings into typed columns: the cheap path and the thorough one agree."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.model import KIND_TYPES
from pipelines.standard.values import TYPES, record_key, standardise
from tests.standard_values.samples import column, contract

THING = contract(
    column("thing_id", "key", required=True, key=1),
    column("on", "date", required=True, key=2),
    column("name", "person_name", required=True),
    column("id_number", "identity_number"),
    column("amount", "money", required=True),
    column("other", "money"),
)


def test_rows_that_cannot_be_used() -> None:
    frame = pl.DataFrame(
        {
            "thing_id": ["a", None, "c", "d", "e", "f"],
            "on": ["20240101", "20240101", "gone", "", "202401", "20240101"],
            "name": [None, "x", "x", "x", "x", "x"],
            "amount": ["1", "1", "1", "1", "无", "much"],
            "other": ["much", "", "", "", "", ""],
        }
    )
    done = standardise(frame, THING, {})
    assert done.unreadable.sort("row").rows() == [
        (1, "thing_id", "missing_key"),
        (2, "on", "unreadable_date"),
        (3, "on", "missing_date"),
        (5, "amount", "unreadable_amount"),
    ]
    assert done.repairs["other"] == {"unreadable": 1}
    assert done.frame.get_column("id_number_status").to_list() == ["missing"] * 6
    assert record_key(done.frame, THING).to_list()[:2] == ["a|2024-01-01", "|2024-01-01"]
    assert done.frame.get_column("amount").to_list()[4] == Decimal(0)


def test_types_are_those_of_the_contract() -> None:
    kinds = contract(*(column(kind, kind) for kind in KIND_TYPES))
    done = standardise(pl.DataFrame({kind: [None, "", "x"] for kind in KIND_TYPES}), kinds, {})
    expected = {name: TYPES[type_] for name, type_ in kinds.types().items()}
    assert dict(done.frame.schema) == expected
    empty = standardise(pl.DataFrame(schema=dict.fromkeys(KIND_TYPES, pl.String)), kinds, {})
    assert dict(empty.frame.schema) == expected
    absent = standardise(pl.DataFrame({"key": ["a"]}), kinds, {})
    assert dict(absent.frame.schema) == expected


def test_amounts_under_a_header_in_ten_thousands() -> None:
    frame = pl.DataFrame({"thing_id": ["a"], "on": ["20240101"], "amount": ["3.51234"]})
    done = standardise(frame, THING, {}, {"amount": Decimal(10000)})
    assert done.frame.get_column("amount").to_list() == [Decimal("35123.40")]


texts = st.one_of(
    st.none(),
    st.sampled_from(["2024-01-01", "20240102", "2024/1/3", "1.50", "1,000", "无", "371102", "男",
                     "1", " a", "张三", "13800138000", "是", "", "11010519491231002x"]),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(texts, min_size=1, max_size=8))
@settings(max_examples=3)
def test_many_rows_are_repaired_as_one_by_one(written: list[str | None]) -> None:
    """Distinct texts are repaired once; that must not show."""
    kinds = contract(*(column(kind, kind) for kind in KIND_TYPES))
    frame = pl.DataFrame(
        dict.fromkeys(KIND_TYPES, written), schema=dict.fromkeys(KIND_TYPES, pl.String)
    )
    together = standardise(pl.concat([frame] * 80), kinds, {}).frame.head(len(written))
    singly = pl.concat(standardise(frame[i], kinds, {}).frame for i in range(len(written)))
    assert together.equals(singly)


def test_a_day_that_is_a_key_part_is_iso() -> None:
    frame = pl.DataFrame({"thing_id": [" a "], "on": ["45292"], "amount": ["1"]})
    done = standardise(frame, THING, {})
    assert done.frame.get_column("on").to_list() == [date(2024, 1, 1)]
    assert record_key(done.frame, THING).to_list() == ["a|2024-01-01"]
