"""``run`` seen from outside: exit codes, what it says and to whom, and what it leaves alone."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import COMMAND, NEXT_NIGHT, NIGHT, Ran, environment, jiuzhulian, refused

from pipelines.lake.home import Home
from pipelines.lake.receipt import load_receipts
from pipelines.nightly import land_arrivals, open_night
from pipelines.settings import ROOT, Settings

PERSONAL = ("姓名", "身份证", "证件号码", "certno", "psn_name", "XM", "SFZJH", "联系电话", "tel")
NOISE = ("Traceback", "RUN_SUCCESS", "STEP_", "dagster", "nanobind", "Warning", "alembic")


def test_a_night_runs_and_says_what_it_found(ran: Ran) -> None:
    assert ran.code == 0, ran.terminal
    assert NIGHT in ran.stdout
    assert "疑似因病致贫" in ran.stdout
    assert f"{ran.published}  (e.g. FROM hardship.suspected_illness_poverty)" in ran.stdout


def test_progress_shows_on_a_terminal(ran: Ran) -> None:
    for table in ("standard.mention", "linkage.person_link", "hardship.alert", "meta.run"):
        assert table in ran.terminal
    assert [word for word in NOISE if word in ran.terminal + ran.stdout] == []


def test_no_connection_leaves_the_machine(ran: Ran) -> None:
    assert ran.sockets[0] == "watching"
    assert [line for line in ran.sockets if line.startswith("outside")] == []


def test_telemetry_is_off(ran: Ran) -> None:
    config = yaml.safe_load((ran.home / "restricted/dagster/dagster.yaml").read_text("utf-8"))
    assert config["telemetry"] == {"enabled": False}
    assert config["nux"] == {"enabled": False}


def test_what_identifies_is_closed_to_others(ran: Ran) -> None:
    assert stat.S_IMODE((ran.home / "restricted").stat().st_mode) == 0o700
    assert stat.S_IMODE((ran.home / "restricted/identity.duckdb").stat().st_mode) == 0o600


def people(landing: Path) -> set[str]:
    """Every name and number that the hard cases hold."""
    found: set[str] = set()
    for path in landing.rglob("*.csv"):
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        for row in csv.DictReader(text.splitlines()):
            for header, value in row.items():
                if any(word in (header or "") for word in PERSONAL) and len(value or "") > 1:
                    found.add(value)
    return found


def test_nothing_that_it_says_names_a_person(ran: Ran) -> None:
    known = people(ran.landing)
    assert len(known) > 20
    assert [1 for value in known if value in ran.stdout + ran.terminal] == []


def test_the_same_night_again_is_quiet_and_takes_everything_over(ran: Ran) -> None:
    before = tables(ran.published)
    ended = jiuzhulian("run", "--landing", ran.landing, "--home", ran.home, "--as-of", NIGHT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Where to look" in ended.stdout
    assert [word for word in NOISE if word in ended.stdout] == []
    assert tables(ran.published) == before


def tables(published: Path) -> dict[str, int]:
    con = duckdb.connect(str(published), read_only=True)
    try:
        names = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        return {
            f"{schema}.{table}": con.execute(f"SELECT count(*) FROM {schema}.{table}").fetchall()[
                0
            ][0]
            for schema, table in names
        }
    finally:
        con.close()


@pytest.mark.long
def test_a_blocking_check_holds_the_night_back(ran: Ran, tmp_path: Path) -> None:
    """A row is lost between landing and the checks: the receipt says one more than there are.

    The file is named after a person; that is shown nowhere.
    """
    landing, home = tmp_path / "landing", tmp_path / "home"
    shutil.copytree(ran.landing, landing)
    shutil.copytree(ran.home, home)
    reports = landing / "civil_affairs" / "field_report"
    source = next(reports.glob("*.csv"))
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    planted = reports / "110101194910010013_20261121.csv"
    planted.write_text(
        "\n".join([lines[0], lines[1].replace("XS001", "XS901")]) + "\n", encoding="utf-8"
    )
    settings = Settings(landing=landing, home=home, settle_seconds=0)
    night = open_night(settings, date.fromisoformat(NEXT_NIGHT))
    land_arrivals(night)
    night.close()
    (receipt,) = [r for r in load_receipts(Home(home)) if r.file_name == planted.name]
    assert receipt.rows_landed == 1 and "may name a person" in str(receipt.reason)
    replace(receipt, rows_landed=2, rows_read=2).save(Home(home))
    was = digest(home)
    ended = jiuzhulian("run", "--landing", landing, "--home", home, "--as-of", NEXT_NIGHT)
    refused(ended, 1, NEXT_NIGHT, "is not published", "rows_as_received")
    assert "110101194910010013" not in ended.stderr
    assert digest(home) == was
    page = (home / "published/quality/index.html").read_text(encoding="utf-8")
    assert "this night is not published" in page
    assert "110101194910010013" not in page


def digest(home: Path) -> str:
    return hashlib.sha256((home / "published/monitoring.duckdb").read_bytes()).hexdigest()


def test_a_second_run_is_told_so_at_once(ran: Ran) -> None:
    with Home(ran.home).locked():
        ended = jiuzhulian("run", "--landing", ran.landing, "--home", ran.home, "--as-of", NIGHT)
    refused(ended, 3, "another run is using", str(ran.home))


def test_a_landing_folder_that_is_not_there(ran: Ran, tmp_path: Path) -> None:
    ended = jiuzhulian(
        "run", "--landing", tmp_path / "none", "--home", tmp_path / "home", "--as-of", NIGHT
    )
    refused(ended, 2, "landing folder", "does not exist")
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_made(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    ended = jiuzhulian("run", "--landing", ran.landing, "--home", home, "--as-of", NIGHT)
    refused(ended, 2, "HOME", "cannot be written")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written(ran: Ran, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    home = tmp_path / "home"
    ended = jiuzhulian("run", "--landing", ran.landing, "--home", home, "--as-of", NIGHT)
    tmp_path.chmod(0o700)
    refused(ended, 2, "HOME", "cannot be written")


@pytest.mark.parametrize("as_of", ["2026-13-01", "yesterday", "20261120"])
def test_a_date_that_is_none(ran: Ran, tmp_path: Path, as_of: str) -> None:
    ended = jiuzhulian("run", "--landing", ran.landing, "--home", tmp_path, "--as-of", as_of)
    refused(ended, 2, "YYYY-MM-DD")


def test_a_night_that_is_still_to_come(ran: Ran, tmp_path: Path) -> None:
    words = ("--landing", ran.landing, "--home", tmp_path, "--as-of", "2199-01-01")
    refused(jiuzhulian("run", *words), 2, "2199-01-01", "is no night")


@pytest.mark.long
def test_a_night_after_one_that_was_killed(ran: Ran, tmp_path: Path) -> None:
    """What a killed run leaves behind holds no later run up."""
    home = tmp_path / "home"
    shutil.copytree(ran.home, home)
    words = ["--landing", ran.landing, "--home", home, "--as-of", NIGHT]
    process = subprocess.Popen(
        [*COMMAND, "run", *map(str, words), "--rebuild"],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 120
    while time.monotonic() < until and not list((home / "restricted/tmp").iterdir()):
        time.sleep(0.05)
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    ended = jiuzhulian("run", *words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list((home / "restricted/tmp").iterdir()) == []
    runs = sqlite3.connect(home / "restricted/dagster/history/runs.db")
    states = [state for (state,) in runs.execute("SELECT status FROM runs").fetchall()]
    runs.close()
    assert sorted(states)[0] == "FAILURE"
    assert set(states) == {"FAILURE", "SUCCESS"}


def test_ctrl_c_is_one_line(ran: Ran, tmp_path: Path) -> None:
    words = ["--landing", ran.landing, "--home", tmp_path, "--as-of", NIGHT]
    process = subprocess.Popen(
        [*COMMAND, "run", *map(str, words)], cwd=ROOT, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 120
    tables = tmp_path / "restricted/lake/tables"
    while time.monotonic() < until and not list(tables.glob("*/*/*.parquet")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[1]
    assert (process.returncode, told.count("\n")) == (130, 1), told
    assert told.startswith("error: stopped")


def test_a_case_that_nobody_knows(ran: Ran) -> None:
    refused(jiuzhulian("explain", "C0000", "--home", ran.home), 2, "C0000")


def test_a_case_is_explained_without_a_name(ran: Ran) -> None:
    con = duckdb.connect(str(ran.published), read_only=True)
    case = con.execute("SELECT case_id FROM hardship.suspected_illness_poverty").fetchall()[0][0]
    con.close()
    ended = jiuzhulian("explain", case, "--home", ran.home)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert case in ended.stdout
    assert [1 for value in people(ran.landing) if value in ended.stdout] == []


def test_explaining_where_nothing_was_run(tmp_path: Path) -> None:
    refused(jiuzhulian("explain", "C1", "--home", tmp_path / "none"), 2)
    assert not (tmp_path / "none").exists()


def test_nights_are_listed_for_programs(ran: Ran) -> None:
    ended = jiuzhulian("nights", "--home", ran.home, "--format", "json")
    assert (ended.returncode, ended.stderr) == (0, "")
    (night,) = [one for one in json.loads(ended.stdout) if one["as_of"] == NIGHT]
    assert (night["policy"], night["kept"], night["stale"]) == ("rizhao", True, False)


def test_the_same_policy_changes_nothing(ran: Ran) -> None:
    ended = jiuzhulian("simulate", "--home", ran.home, "--as-of", NIGHT, "--format", "json")
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert sum(rule["after"] for rule in told["by_rule"]) > 10
    changes = ("entered", "left", "level_raised", "level_lowered")
    assert {rule[change] for rule in told["by_rule"] for change in changes} == {0}


def test_a_person_is_explained_without_a_name(ran: Ran) -> None:
    con = duckdb.connect(str(ran.published), read_only=True)
    person = con.execute("SELECT person_id FROM hardship.alert WHERE person_id IS NOT NULL "
                         "ORDER BY 1").fetchall()[0][0]  # fmt: skip
    con.close()
    words = ("explain", "--person", person, "--home", ran.home, "--as-of", NIGHT)
    ended = jiuzhulian(*words, "--format", "json")
    assert (ended.returncode, ended.stderr) == (0, "")
    verdicts = {rule["verdict"] for rule in json.loads(ended.stdout)["rules"]}
    assert {"fired", "did_not_fire"} <= verdicts
    assert [1 for value in people(ran.landing) if value in ended.stdout] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("explain",), "name a case, or a person"),
        (("compare", NIGHT, NIGHT), "compared with itself"),
        (("replay", "--as-of", "2020-01-01"), "no night of 2020-01-01"),
    ],
)
def test_what_cannot_be_looked_back_at(ran: Ran, words: tuple[str, ...], says: str) -> None:
    refused(jiuzhulian(*words, "--home", ran.home), 2, says)
