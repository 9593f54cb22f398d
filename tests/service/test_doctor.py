"""The doctor finds what was really broken, says what to do, and calls a good installation good."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.instance import dagster_home, settle_cut_off
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest
from pipelines.service import doctor_machine
from pipelines.service.doctor import CHECKS, examine, examined, exit_code, report
from pipelines.service.findings import Finding, Level, Look
from pipelines.service.notices import Notice, send
from pipelines.service.serve import only_one
from pipelines.settings import SCHEMAS, Settings
from tests.service.conftest import environment, free_port

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)  # noon in Shanghai
NIGHT = date(2026, 11, 20)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A good installation: one night of today, published."""
    landing = tmp_path / "landing"
    landing.mkdir(mode=0o750)
    landing.chmod(0o750)
    home = Home(tmp_path / "home").create()
    home.key()
    commit(home, NIGHT)
    with duckdb.connect(str(home.monitoring)) as con:
        con.execute("CREATE SCHEMA meta")
        con.execute("CREATE TABLE meta.run AS SELECT DATE '2026-11-20' AS as_of")
    return Settings(
        landing=landing, home=home.root, policy=SCHEMAS / "policies" / "rizhao",
        service={"port": free_port()},  # type: ignore[arg-type]
    )  # fmt: skip


def commit(home: Home, night: date) -> None:
    Manifest(
        as_of=night, run_id="r", committed_at=f"{night}T02:10:00+00:00", code_version="0",
        policy="rizhao", policy_sha256="0", previous=None, previous_sha256=None, receipts=(),
        tables={},
    ).save(home)  # fmt: skip


def place(settings: Settings) -> Home:
    return Home(settings.home)


def found(settings: Settings, now: datetime = NOW) -> list[Finding]:
    look = Look(settings, Home(settings.home), now)
    return [finding for check in CHECKS for finding in check(look)]


def wrong(settings: Settings, now: datetime = NOW) -> dict[str, Finding]:
    return {one.check: one for one in found(settings, now) if one.level is Level.WRONG}


def test_nothing_is_wrong_with_a_good_installation(settings: Settings) -> None:
    assert wrong(settings) == {}
    assert exit_code(found(settings)) == 0
    good = {one.check for one in found(settings) if one.level is Level.GOOD}
    assert good >= {
        "python", "libraries", "clock", "configuration", "landing", "home", "key", "disk",
        "last night", "published",
    }  # fmt: skip


def test_every_finding_that_is_not_good_says_what_to_do(settings: Settings) -> None:
    settings.landing.rmdir()
    place(settings).key_file.write_bytes(b"short")
    bad = [one for one in found(settings) if one.level is not Level.GOOD]
    assert {"landing", "key"} <= {one.check for one in bad}
    assert all(one.next_step for one in bad)
    text = report(bad)
    assert all(one.next_step in text for one in bad)


def test_places_that_are_not_there(settings: Settings) -> None:
    settings.landing.rmdir()
    assert "does not exist" in wrong(settings)["landing"].what
    elsewhere = settings.model_copy(update={"policy": settings.home / "nowhere"})
    assert "nowhere" in wrong(elsewhere)["configuration"].what


def test_a_landing_folder_inside_home(settings: Settings) -> None:
    inside = settings.model_copy(update={"landing": place(settings).inbox})
    assert "inside HOME" in wrong(inside)["landing"].what


def test_what_identifies_must_not_be_open(settings: Settings) -> None:
    place(settings).restricted.chmod(0o755)
    place(settings).key_file.chmod(0o644)
    assert "can be read by others" in wrong(settings)["home"].what


def test_a_lost_key(settings: Settings) -> None:
    place(settings).key_file.unlink()
    assert "every id would change" in wrong(settings)["key"].what


def test_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "LEAST_FREE", 10**18)
    assert "free for" in wrong(settings)["disk"].what


def test_a_library_of_another_version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = doctor_machine.version
    monkeypatch.setattr(
        doctor_machine, "version", lambda name: "1.0" if name == "duckdb" else kept(name)
    )
    assert "duckdb 1.0 is not" in wrong(settings)["libraries"].what


def test_a_clock_that_lost_its_battery(settings: Settings) -> None:
    for then in (datetime(1970, 1, 1, tzinfo=UTC), NOW - timedelta(days=1)):
        assert "before the night of 2026-11-20" in wrong(settings, then)["clock"].what


def test_a_port_in_use(settings: Settings) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.service.port))
        taken.listen()
        assert "cannot be used" in wrong(settings)["port"].what


def test_nights_that_are_missing_and_stale(settings: Settings) -> None:
    late = wrong(settings, NOW + timedelta(days=2))
    assert "2 nights are missing" in late["last night"].what
    in_the_morning = datetime(2026, 11, 20, 22, tzinfo=UTC)  # 06:00 on the 21st: still in time
    assert "last night" not in wrong(settings, in_the_morning)


def test_a_published_file_that_does_not_open(settings: Settings) -> None:
    place(settings).monitoring.write_bytes(b"no database")
    assert "cannot be opened" in wrong(settings)["published"].what
    place(settings).monitoring.unlink()
    assert "is missing" in wrong(settings)["published"].what


def test_a_published_file_from_another_backup(settings: Settings) -> None:
    with duckdb.connect(str(place(settings).monitoring)) as con:
        con.execute("UPDATE meta.run SET as_of = DATE '2026-11-25'")
    assert "does not know" in wrong(settings)["published"].what


@contextmanager
def holding(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_who_holds_home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(place(settings).lock_file):
        (said,) = [one for one in found(settings) if one.check == "lock"]
        assert said.level is Level.GOOD
        assert f"process {os.getpid()}" in said.what
        monkeypatch.setattr(doctor_machine, "_age_hours", lambda pid: 9.0)
        assert "longer than a night may take" in wrong(settings)["lock"].what
    (free,) = [one for one in found(settings) if one.check == "lock"]
    assert free.what == "no run holds HOME"


def test_a_run_whose_process_was_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue would wait for it for ever; a start of the service settles it."""
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", "")
    dagster_home(place(settings))

    @dg.op
    def nothing() -> None:
        pass

    @dg.job
    def night() -> None:
        nothing()

    with dg.DagsterInstance.get() as instance:
        instance.create_run_for_job(
            night, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": "2026-11-19"}
        )
        said = wrong(settings)["storage"]
        assert "2026-11-19" in said.what
        assert settle_cut_off(instance) == 1
    assert "storage" not in wrong(settings)


def test_a_dagster_yaml_of_the_sites_own_must_say_what_ours_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    config = place(settings).dagster / "dagster.yaml"
    config.write_text("telemetry:\n  enabled: true\n", encoding="utf-8")
    said = [one.what for one in found(settings) if one.level is Level.WRONG]
    assert any("telemetry.enabled" in what for what in said)
    assert any("max_concurrent_runs" in what for what in said)
    assert config.read_text(encoding="utf-8").startswith("telemetry")


def test_the_service_is_seen(settings: Settings) -> None:
    with only_one(place(settings)):
        (said,) = [one for one in found(settings) if one.check == "service"]
        assert said.level is Level.GOOD
        assert str(os.getpid()) in said.what


def test_feeds_that_are_overdue(settings: Settings) -> None:
    told = [one for one in found(settings) if one.check == "feeds" and one.level is Level.LOOK]
    assert any("nothing ever came" in one.what for one in told)


def test_a_notice_that_reached_nobody(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUZHULIAN_WEBHOOK_URL", f"http://127.0.0.1:{free_port()}/x")
    send(place(settings), settings.notify, Notice("run_failed", "it failed", "look"))
    assert "webhook" in wrong(settings, datetime.now(UTC))["notices"].what


def test_settings_that_cannot_be_read_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUZHULIAN_SERVICE", json.dumps({"nightly_at": "25:00", "port": 0}))
    bad = [one for one in examine({}) if one.level is Level.WRONG]
    assert {"service.nightly_at", "service.port"} <= {one.what.split()[1].strip(":") for one in bad}
    assert exit_code(bad) == 1


def test_a_check_that_cannot_look_says_so(settings: Settings) -> None:
    """As on a HOME of another user: no traceback, the next step instead."""
    (place(settings).nights / "2026-11-20" / "manifest.json").unlink()
    (place(settings).nights / "2026-11-20" / "manifest.json").mkdir()
    bad = {one.check for one in examined(settings) if one.level is Level.WRONG}
    assert "last_night" in bad


def test_the_command(settings: Settings, tmp_path: Path) -> None:
    settings.landing.rmdir()
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "doctor", "--home", str(settings.home),
         "--landing", str(settings.landing), "--format", "json", "--notify"],
        capture_output=True, text=True, timeout=300, env=environment(), cwd=tmp_path,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (1, ""), time.monotonic() - began
    told = {one["check"]: one for one in json.loads(ended.stdout)}
    assert told["landing"]["level"] == "wrong"
    assert "landing" in (Home(settings.home).restricted / "notices.jsonl").read_text("utf-8")
