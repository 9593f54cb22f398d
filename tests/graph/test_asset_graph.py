"""The assets: complete, described, in flow order, and depending on everything they read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from graph_facts import deps, loaded, place, room, specs, text

from pipelines.contracts.load import load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.engine.sql import read_sql, tables_read
from pipelines.rooms import ROOMS, rooms
from pipelines.settings import ROOT
from pipelines.standard import views

KEPT = Path(__file__).with_name("asset_graph.txt")
SQL = sorted((ROOT / "pipelines").glob("*/*.sql"))
TABLES = {table: one for one in rooms() for table in one.tables}
DELIVERIES = {f"delivery.{c.source}__{c.dataset}": c for c in load_contracts().values()}
FILES = {
    "published.monitoring", "restricted.identity", "restricted.referrals", "published.quality",
    "restricted.outbox", "published.bulletin",
}  # fmt: skip


def test_workspace_and_dg_name_the_same_door() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    doors = [entry["python_module"]["module_name"] for entry in workspace["load_from"]]
    assert doors == [project["tool"]["dg"]["project"]["code_location_target_module"]]


def test_loading_warns_of_nothing_and_leaves_heavy_libraries_alone() -> None:
    """In a process of its own, since a second import would say nothing any more."""
    script = (
        "import sys, warnings\n"
        "with warnings.catch_warnings(record=True) as said:\n"
        "    warnings.simplefilter('always')\n"
        "    from pipelines.definitions import defs\n"
        "    defs().resolve_job_def('nightly')\n"
        f"ours = [w for w in said if w.filename.startswith({str(ROOT)!r})\n"
        "        and 'site-packages' not in w.filename]\n"
        "heavy = {'great_expectations', 'splink', 'pypinyin', 'pandas'} & set(sys.modules)\n"
        "print(len(ours), *[f'{w.filename}:{w.lineno} {w.message}' for w in ours], *heavy)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert (ended.stdout.strip(), ended.stderr) == ("0", "")


def test_every_table_of_every_room_is_an_asset_of_that_rooms_group() -> None:
    raw = {contract.raw_table: "intake" for contract in load_contracts().values()}
    raw |= dict.fromkeys(DELIVERIES, "intake")
    wanted = {table: one.name for table, one in TABLES.items()} | raw
    found = {name: room(spec) for name, spec in specs().items()}
    assert found == wanted | dict.fromkeys(FILES, "publish")
    assert set(found.values()) == set(ROOMS)


def test_every_promise_has_an_asset() -> None:
    assert set(load_promises()) - set(specs()) == set()


@pytest.mark.parametrize("name", sorted(specs()))
def test_an_asset_says_whose_it_is_and_what_it_is(name: str) -> None:
    spec = specs()[name]
    assert list(spec.owners) == ["team:jiuzhulian"]
    assert spec.partitions_def is not None
    assert spec.kinds
    said = spec.description or ""
    assert re.search(r"[\u4e00-\u9fff]", said), f"{name}: no Chinese description"
    assert re.search(r"[A-Za-z]{3,} [a-z]", said), f"{name}: no English description"
    if name not in FILES and name not in DELIVERIES:
        schema = spec.metadata["dagster/column_schema"]
        assert schema.columns
        unsaid = [c.name for c in schema.columns if not c.type or not (c.description or "").strip()]
        assert unsaid == []


def made_by(path: Path) -> str | None:
    """The table that an SQL file is named for, if it is named for one."""
    name = f"{path.parent.name}.{path.stem}"
    found = [
        table for table, one in TABLES.items()
        if one.name == path.parent.name and table.split(".", 1)[1] == path.stem
    ]  # fmt: skip
    return name if name in found else (found[0] if found else None)


def through_views(names: set[str]) -> set[str]:
    stands_on = views()
    return {real for name in names for real in stands_on.get(name, (name,))}


@pytest.mark.parametrize("path", SQL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_asset_depends_on_everything_its_statement_reads(path: Path) -> None:
    table = made_by(path)
    if table is None:
        assert path.name in {"append.sql", "since.sql", "snapshot.sql"}, "whose statement is it?"
        return
    read = through_views(set(tables_read(read_sql(path))))
    tonight = {name for name in read if not name.startswith("prev_")} - {table}
    assert tonight - deps(specs()[table]) == set()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_an_asset_depends_on_everything_its_room_says_it_reads(table: str) -> None:
    read = through_views(set(TABLES[table].reads.get(table, ())))
    tonight = {name for name in read if not name.startswith("prev_")} - {table}
    assert tonight & set(specs()) - deps(specs()[table]) == set()


def test_nothing_is_made_from_a_table_that_does_not_exist() -> None:
    assert {dep for spec in specs().values() for dep in deps(spec)} - set(specs()) == set()


def test_the_flow_runs_one_way() -> None:
    """No asset rests on a later room, and within its room on nothing built after it."""
    backwards = [
        f"{name} <- {dep}"
        for name, spec in specs().items()
        for dep in deps(spec)
        if place(specs()[dep]) > place(spec)
    ]
    assert backwards == []
    order = TopologicalSorter({name: deps(spec) for name, spec in specs().items()})
    assert len(list(order.static_order())) == len(specs())
    for one in rooms():
        at = {table: index for index, table in enumerate(one.tables)}
        early = [
            f"{table} <- {dep}"
            for table in one.tables
            for dep in deps(specs()[table])
            if at.get(dep, -1) > at[table]
        ]
        assert early == []


def test_only_the_first_room_rests_on_nothing() -> None:
    """What follows from contracts, codes, policy or promises alone, and what people wrote down by
    a command, is named here."""
    alone = {n for n, s in specs().items() if not deps(s) and room(s) != "intake"}
    assert alone == {
        "linkage.judgement", "population.severe_code", "meta.policy_parameter", "meta.rule",
        "meta.dictionary", "hardship.dispute", "orders.report_item",
        "assistance.special_assistance", "assistance.kind_word", "assistance.difficulty_word",
        "assistance.expected_help", "assistance.department_word", "assistance.hospital_service",
        "assistance.entitlement",
    }  # fmt: skip


def test_publishing_waits_for_a_blocking_check() -> None:
    graph = loaded().resolve_asset_graph()
    checks = {
        (".".join(key.asset_key.path), key.name): graph.get(key) for key in graph.asset_check_keys
    }
    assert checks[("quality.expectation", "nothing_blocks")].blocking
    published = {n for n, p in load_promises().items() if p.published is True and n in TABLES}
    carried = {table for table, name in checks if name == "great_expectations"}
    raw = {contract.raw_table for contract in load_contracts().values()}
    assert carried == (published - {"quality.expectation"}) | raw
    assert "quality.expectation" in deps(specs()["published.monitoring"])
    assert "published.monitoring" in deps(specs()["restricted.identity"])
    assert "published.monitoring" in deps(specs()["restricted.outbox"])


def test_the_graph_is_the_one_that_is_kept() -> None:
    """After a wanted change: UPDATE_ASSET_GRAPH=1 pytest tests/graph, and read the difference."""
    if os.environ.get("UPDATE_ASSET_GRAPH") == "1":
        KEPT.write_text(text(), encoding="utf-8")
    assert text() == KEPT.read_text(encoding="utf-8")
