"""Row counts against the night before: bounds that are data, and a person who lets a night pass."""

from __future__ import annotations

from pipelines.contracts.gx_tables import (
    VOLUME,
    believed_rows,
    expected_of_table,
    load_table_checks,
)
from pipelines.contracts.promises import load_promises

BOUNDS = {"lost_share": 0.2, "lost_rows": 100, "gained_share": 0.5, "gained_rows": 1000}


def test_a_change_within_the_share_or_below_the_number_is_usual() -> None:
    assert believed_rows(10_000, BOUNDS) == (8_000, 15_000)
    assert believed_rows(100, BOUNDS) == (1, 1_099)
    assert believed_rows(50, BOUNDS) == (0, 1_049)
    assert believed_rows(10_000, {"lost_share": 0.2, "lost_rows": 100}) == (8_000, None)


def test_somebody_who_has_looked_lets_the_night_pass() -> None:
    promise, checks = load_promises()["population.person"], load_table_checks()

    def blocking(rows_before: int | None, *, accepted: bool) -> dict[str, bool]:
        found = expected_of_table(
            promise, checks, frozenset(), rows_before, counts_accepted=accepted
        )
        return {one.name: one.blocking for one in found}

    held, passed = blocking(1_000, accepted=False), blocking(1_000, accepted=True)
    assert held[VOLUME] and not passed[VOLUME]
    assert {k: v for k, v in held.items() if k != VOLUME} == {
        k: v for k, v in passed.items() if k != VOLUME
    }
    assert VOLUME not in blocking(None, accepted=False), "the first night has nothing before it"


def test_every_bound_names_a_published_table() -> None:
    promises = load_promises()
    for table, bounds in load_table_checks().volume.items():
        assert promises[table].published is True
        assert {*bounds} <= {*BOUNDS, "blocking"} and {"lost_share", "lost_rows"} <= {*bounds}
