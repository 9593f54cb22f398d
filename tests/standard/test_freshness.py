"""How old each dataset is: repeated files are fresh, refused ones are not."""

from __future__ import annotations

from datetime import date
from typing import Any

PAYMENT = "civil_affairs/assistance_payment"
TABLE = "quality.freshness"


def of(lake: Any, as_of: str, dataset: str) -> tuple[Any, ...]:
    night = lake.night(as_of, TABLE)
    source, name = dataset.split("/")
    found = night.query(
        "SELECT newest_extract, age_days, due_days, late FROM quality.freshness "
        "WHERE source = $source AND dataset = $dataset",
        {"source": source, "dataset": name},
    )
    return found.row(0)


def test_a_dataset_is_late_when_it_is_older_than_due(lake: Any) -> None:
    lake.land(PAYMENT, "2026-10-01", [])
    assert of(lake, "2026-11-05", PAYMENT) == (date(2026, 10, 1), 35, 35, False)
    assert of(lake, "2026-11-06", PAYMENT) == (date(2026, 10, 1), 36, 35, True)


def test_a_repeated_file_is_fresh_and_a_refused_one_is_not(lake: Any) -> None:
    first = lake.land(PAYMENT, "2026-10-01", [])
    lake.repeat(first, "2026-11-01")
    lake.refuse(PAYMENT, "2026-11-05")
    assert of(lake, "2026-11-06", PAYMENT) == (date(2026, 11, 1), 5, 35, False)


def test_what_was_never_delivered_is_late_only_where_it_is_due(lake: Any) -> None:
    assert of(lake, "2026-11-06", PAYMENT) == (None, None, 35, True)
    assert of(lake, "2026-11-06", "civil_affairs/field_report") == (None, None, None, False)
