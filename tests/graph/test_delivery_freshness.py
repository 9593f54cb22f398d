"""What departments send goes stale in the user interface by the due date of its contract."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from graph_facts import loaded, specs

from assets.intake import delivery_key
from assets.resources import NightResource
from pipelines.contracts.load import load_contracts
from pipelines.settings import ROOT, SCHEMAS

CONTRACTS = load_contracts()
REPORT = "civil_affairs/field_report"
SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing" / REPORT


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_the_policy_is_the_due_date_of_the_contract(name: str) -> None:
    contract = CONTRACTS[name]
    policy = specs()[".".join(delivery_key(contract).path)].freshness_policy
    if contract.due_days is None:
        assert policy is None
    else:
        assert policy == dg.FreshnessPolicy.time_window(timedelta(days=contract.due_days))
    assert specs()[contract.raw_table].freshness_policy is None  # made every night, files or not


def test_nobody_here_makes_a_delivery() -> None:
    graph = loaded().resolve_asset_graph()
    assert not {delivery_key(c) for c in CONTRACTS.values()} & graph.materializable_asset_keys


def test_a_delivery_is_seen_on_the_night_on_which_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIUZHULIAN_SETTLE_SECONDS", "0")
    shutil.copytree(SAMPLE, tmp_path / "landing" / REPORT)
    night = NightResource(
        landing=str(tmp_path / "landing"), home=str(tmp_path / "home"),
        policy=str(SCHEMAS / "policies" / "rizhao"),
    )  # fmt: skip
    from assets.intake import landing
    from pipelines.nightly import close_nights

    def seen(as_of: date) -> set[str]:
        try:
            done = dg.materialize(
                [landing], resources={"night": night}, partition_key=as_of.isoformat()
            )
        finally:
            close_nights()
        keys = {e.asset_key for e in done.get_asset_materialization_events() if e.asset_key}
        return {key.path[-1] for key in keys if key.path[0] == "delivery"}

    assert seen(date(2026, 11, 20)) == {"civil_affairs__field_report"}
    assert seen(date(2026, 11, 21)) == set()
