"""What a data engineer finds in the user interface, promise by promise, over the definitions."""

from __future__ import annotations

import re
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import dagster as dg
import polars as pl
import pytest
from graph_facts import deps, loaded, repository, room, specs

from assets.groups import group
from assets.publish import _asked, _summed
from pipelines import column_lineage
from pipelines.contracts.load import load_contracts
from pipelines.rooms import ROOMS, rooms
from pipelines.settings import Settings

CHINESE = re.compile(r"[\u4e00-\u9fff]")
RAW = {contract.raw_table: contract for contract in load_contracts().values()}
#: made in Python from policy, codes or what people wrote down: nothing that stands in a column
MADE_OF_NOTHING = 25


def lineage(name: str) -> dict[str, list[tuple[str, str]]]:
    found = specs()[name].metadata.get("dagster/column_lineage")
    if found is None:
        return {}
    return {
        column: [(".".join(dep.asset_key.path), dep.column_name) for dep in sources]
        for column, sources in found.deps_by_column.items()
    }


def test_groups_stand_in_the_order_of_the_night() -> None:
    groups = [group(name, "x") for name in ROOMS]
    assert groups == sorted(groups)
    assert all("/" in str(spec.group_name) for spec in specs().values())


def test_what_identifies_says_so() -> None:
    assert specs()["linkage.person_identity"].tags["identifying"] == "yes"
    published = [s for s in specs().values() if s.tags.get("published") == "yes"]
    assert published
    assert {s.tags["identifying"] for s in published} == {"no"}
    assert all(spec.tags["room"] == room(spec) for spec in specs().values())


def test_every_column_of_lineage_is_there() -> None:
    """No lineage names a table or a column that does not exist, on either side."""
    schemas = {
        name: {c.name for c in spec.metadata["dagster/column_schema"].columns}
        for name, spec in specs().items()
        if "dagster/column_schema" in spec.metadata
    }
    wrong = [
        f"{name}.{column} <- {of}.{from_}"
        for name in specs()
        for column, sources in lineage(name).items()
        for of, from_ in sources
        if column not in schemas[name] or from_ not in schemas.get(of, ())
    ]
    assert wrong == []


def test_lineage_follows_the_graph() -> None:
    """A column comes from tables that its table rests on."""
    beside = [
        f"{name} <- {of}"
        for name in specs()
        for sources in lineage(name).values()
        for of, _ in sources
        if of not in deps(specs()[name])
    ]
    assert beside == []


@pytest.mark.parametrize(
    ("table", "column", "source", "header"),
    [
        ("hardship.person_indicator", "burden_all_12m",
         "delivery.medical_insurance__settlement", "personal_burden"),
        ("population.monitored_person", "tier",
         "delivery.civil_affairs__assistance_household", "category"),
        ("population.household_income", "annual_income",
         "delivery.civil_affairs__economic_check", "annual_amount"),
    ],
)  # fmt: skip
def test_a_column_leads_back_to_the_contract(
    table: str, column: str, source: str, header: str
) -> None:
    seen: set[tuple[str, str]] = set()
    waiting = [(table, column)]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += lineage(one[0]).get(one[1], [])
    assert (source, header) in seen


def test_most_tables_say_where_their_columns_come_from() -> None:
    made = [table for one in rooms() for table in one.tables]
    without = [table for table in made if not lineage(table)]
    assert len(without) <= MADE_OF_NOTHING
    shown = specs()["hardship.person_indicator"].metadata["dagster/column_schema"]
    burden = next(c for c in shown.columns if c.name == "burden_all_12m")
    assert "← hardship.person_medical.burden_all_12m" in burden.description


def test_the_kept_lineage_rests_on_what_is_there_now() -> None:
    """After a change of statements or columns: make generated."""
    assert column_lineage.text() == column_lineage.FILE.read_text(encoding="utf-8")


def test_a_delivery_shows_the_headers_that_a_file_may_carry() -> None:
    shown = specs()["delivery.civil_affairs__field_report"].metadata["dagster/column_schema"]
    reported = next(c for c in shown.columns if c.name == "reported_on")
    assert "上报日期" in reported.description
    assert lineage("intake.raw_civil_affairs__field_report")["reported_on"] == [
        ("delivery.civil_affairs__field_report", "reported_on")
    ]


def test_every_field_of_the_launchpad_says_what_it_does() -> None:
    schema: Any = repository().get_top_level_resources()["night"].config_schema
    fields = schema.config_type.fields
    assert set(fields) == {"landing", "policy", "home", "rebuild", "department", "pull"}
    for name, field in fields.items():
        assert CHINESE.search(field.description or ""), name
        assert re.search(r"[A-Za-z]{3,} [a-z]", field.description or ""), name
        assert not field.is_required


def test_schedule_and_sensors_say_what_they_do() -> None:
    found = [*repository().schedule_defs, *repository().sensor_defs]
    assert {one.name for one in found} == {
        "every_night", "arrivals", "missed_nights", "failures",
    }  # fmt: skip
    assert all(CHINESE.search(one.description or "") for one in found)


def test_they_wait_for_a_person_but_under_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from assets import automation

    def states() -> set[str]:
        named = [automation.every_night, automation.arrivals, automation.missed_nights,
                 automation.failures]  # fmt: skip
        return {one.default_status.value for one in named}

    assert states() == {"STOPPED"}
    monkeypatch.setenv("JIUZHULIAN_SERVING", "1")
    try:
        importlib.reload(automation)
        assert states() == {"RUNNING"}
    finally:
        monkeypatch.delenv("JIUZHULIAN_SERVING")
        importlib.reload(automation)


def test_the_published_night_is_overdue_in_the_morning() -> None:
    policy = specs()["published.monitoring"].freshness_policy
    assert isinstance(policy, dg.FreshnessPolicy)
    assert (policy.deadline_cron, policy.timezone) == ("0 7 * * *", "Asia/Shanghai")  # type: ignore[attr-defined]


class _Opened:
    """As much of a night as a check's result asks of it."""

    def __init__(self, pages_url: str | None) -> None:
        from pathlib import Path

        from pipelines.lake.home import Home

        self.settings = Settings(service={"pages_url": pages_url})  # type: ignore[arg-type]
        self.home = Home(Path("somewhere"))


def test_a_failed_check_says_which_how_many_why_and_where_to_read() -> None:
    rows = pl.DataFrame(
        {
            "suite": ["population.person"] * 2, "check_name": ["known_sex", "age_plausible"],
            "column_name": ["sex", "age"], "success": [False, True], "blocking": [True, False],
            "unexpected_count": [3, 0], "element_count": [100, 100],
            "meaning_zh": ["性别可知", "年龄合理"],
            "meaning_en": ["sex is known", "age is plausible"],
        }
    )  # fmt: skip
    result = _summed("population.person", rows, _Opened("https://pages.example/"))  # type: ignore[arg-type]
    said = {name: value.value for name, value in result.metadata.items()}
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert (said["expectations"], said["failed"], said["unexpected_rows"]) == (2, 1, 3)
    assert said["checked_rows"] == 100
    assert "known_sex **阻断 blocking** | sex | 3 | 100 | 性别可知 · sex is known" in said["why"]
    assert "age_plausible" not in said["why"]
    assert said["failing"] == "known_sex (3 / 100)"
    assert said["page"] == "https://pages.example/quality/index.html"
    at_home = _summed("population.person", rows, _Opened(None)).metadata["page"]  # type: ignore[arg-type]
    assert isinstance(at_home, dg.PathMetadataValue)


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (None, True),  # the whole job
        (set(), True),  # the button of the check itself
        ({"quality.expectation", "population.person"}, True),
        ({"population.person"}, False),  # results of an earlier run would speak of other rows
    ],
)
def test_a_check_speaks_of_what_the_run_made(made: set[str] | None, asked: bool) -> None:
    selection = None if made is None else {dg.AssetKey(name.split(".")) for name in made}
    key = dg.AssetCheckKey(dg.AssetKey(["population", "person"]), "great_expectations")
    context: Any = SimpleNamespace(
        run=SimpleNamespace(asset_selection=selection), selected_asset_check_keys={key}
    )
    assert _asked(context, "population.person") is asked
    assert not _asked(context, "population.household")


def test_nights_can_be_filled_in() -> None:
    """Every asset of the job has the same partitions, so that a backfill is a list of nights."""
    partitions = {spec.partitions_def for spec in specs().values()}
    assert len(partitions) == 1
    assert loaded().resolve_job_def("nightly").partitions_def in partitions


@pytest.mark.parametrize("table", ["hardship.alert", "intake.raw_reference__region"])
def test_a_single_table_can_be_made(table: str) -> None:
    """As the button of its page does: with its own checks and no other table."""
    graph = loaded().resolve_asset_graph()
    key = dg.AssetKey(table.split("."))
    subset = (
        loaded()
        .resolve_implicit_global_asset_job_def()
        .get_subset(asset_selection=graph.get(key).execution_set_asset_keys)
    )
    assert key in subset.asset_layer.selected_asset_keys


def test_rooms_are_numbered_as_they_follow() -> None:
    numbers = [int(group(name, "x").split("_")[0]) for name in ROOMS]
    assert all(after - before == 1 for before, after in pairwise(numbers))
