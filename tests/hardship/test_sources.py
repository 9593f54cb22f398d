"""A list is not cleared while a source that its rules rest on is late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.hardship import load_policy
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy_model import GRAINS
from pipelines.hardship.sources import late_sources, resting_on, roles_behind
from tests.hardship.world import RIZHAO

NEUTRAL = {
    "person_id", "household_id", "region_code", "urban_rural", "sex", "composition_evidence",
    "confirmed_hardship",
}  # fmt: skip
PLAYED = {
    "insurer/settlement": frozenset({"spending_medical", "person"}),
    "town/service": frozenset({"social"}),
    "town/report": frozenset({"field_report", "mention"}),
}


def test_every_indicator_says_what_it_rests_on() -> None:
    for grain in GRAINS:
        for name in indicators(grain):
            assert roles_behind(name) or name in NEUTRAL, name


def test_lists_that_rest_on_a_late_source() -> None:
    policy = load_policy(RIZHAO)
    assert resting_on({"town/service"}, PLAYED, policy) == frozenset()
    assert resting_on({"town/report"}, PLAYED, policy) == {"field_report"}
    late = resting_on({"insurer/settlement"}, PLAYED, policy)
    assert "suspected_illness_poverty" in late and "field_report" not in late


def test_a_list_rests_on_whom_its_rules_watch_too() -> None:
    policy = load_policy(RIZHAO)
    played = {"town/certificate": frozenset({"tier_grant"})}
    assert "suspected_illness_poverty" in resting_on({"town/certificate"}, played, policy)


@dataclass
class Fresh:
    """A night that has a freshness table and nothing else."""

    rows: list[dict[str, Any]]

    def exists(self, table: str) -> bool:
        return table == "quality.freshness" and bool(self.rows)

    def frame(self, table: str, columns: list[str]) -> pl.DataFrame:
        return pl.DataFrame(self.rows).select(columns)


def test_nothing_rests_on_what_was_never_delivered() -> None:
    """Else a place without a school feed would never see an illness case cleared."""
    rows = [
        {"source": "a", "dataset": name, "newest_extract": newest, "late": late}
        for name, newest, late in (
            ("never", None, True), ("late", "2026-01-01", True), ("fresh", "2026-11-01", False),
        )
    ]  # fmt: skip
    assert late_sources(Fresh(rows)) == {"a/late"}  # type: ignore[arg-type]
    assert late_sources(Fresh([])) == set()  # type: ignore[arg-type]
