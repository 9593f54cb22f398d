"""A list is not cleared while a source that its rules rest on is late."""

from __future__ import annotations

from pipelines.hardship import load_policy
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy_model import GRAINS
from pipelines.hardship.sources import resting_on, roles_behind
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
