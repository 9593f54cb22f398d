"""Three nights of marked people: one that goes well, one that is held back, one that crashes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.lake.home import Home
from pipelines.lake.receipt import load_receipts
from pipelines.linkage import judgements
from pipelines.publish.reading import past_night
from pipelines.settings import ROOT
from tests.privacy import people

NIGHT, NEXT = "2026-11-20", "2026-11-21"
PURPOSE = ("--purpose", "入户前核对 before a visit")


ISOLATED = ("unshare", "--net", "--map-root-user")


def no_route() -> Sequence[str]:
    """Words before a command that cut it off from every network; empty where that may not be."""
    if shutil.which("unshare") is None:
        return ()
    tried = subprocess.run([*ISOLATED, "true"], capture_output=True, check=False)
    return ISOLATED if tried.returncode == 0 else ()


@dataclass
class Planted:
    """The folders of a run: its landing, HOME, and the place where a program might leave things."""

    root: Path
    said: list[subprocess.CompletedProcess[str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.landing, self.home = self.root / "landing", Home(self.root / "home")
        self.elsewhere = self.root / "elsewhere"
        self.elsewhere.mkdir()
        self.guard_log = self.root / "guard.log"

    @property
    def identifying(self) -> list[Path]:
        """Where what identifies may lie."""
        home = self.home
        return [
            self.landing, home.lake, home.quarantine, home.outbox, home.inbox, home.identity,
            self.guard_log,
        ]  # fmt: skip

    def run(self, *words: str | Path, before: Sequence[str] = ()) -> None:
        """A command whose temporary folder, user's folder and working folder are ``elsewhere``."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JIUZHULIAN_", "DAGSTER"))}
        elsewhere = str(self.elsewhere)
        kept |= {
            "JIUZHULIAN_SETTLE_SECONDS": "0", "TMPDIR": elsewhere, "HOME": elsewhere,
            "XDG_CONFIG_HOME": elsewhere, "XDG_CACHE_HOME": elsewhere,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{ROOT}:{Path(__file__).parent / 'guard'}",
            "GUARD_LOG": str(self.guard_log),
        }  # fmt: skip
        self.said.append(subprocess.run(
            [*before, sys.executable, "-m", *map(str, words)], cwd=self.elsewhere, env=kept,
            capture_output=True, text=True, timeout=1800, stdin=subprocess.DEVNULL, check=False,
        ))  # fmt: skip

    def command(self, *words: str) -> None:
        """A command in this process."""
        ended = CliRunner().invoke(cli.app, [*words, "--home", str(self.home.root)])
        assert ended.exit_code == 0, ended.output
        self.told.append(ended.output)

    def guarded(self, kind: str) -> list[str]:
        lines = self.guard_log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(kind)]


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    made = Planted(tmp_path_factory.mktemp("planted"))
    people.plant(made.landing)
    made.run(
        "pipelines.cli", "run", "--landing", made.landing, "--as-of", NIGHT,
        "--home", made.home.root, before=no_route(),
    )  # fmt: skip
    assert made.said[0].returncode == 0, made.said[0].stderr
    _said_by_people(made)
    _lose_a_row(made)
    made.run("tests.privacy.crash", made.home.root, made.landing, NIGHT)
    made.run(
        "tests.privacy.crash", made.home.root, made.landing, NEXT,
        "standard.scope", people.GOOD + people.WORDS["number of a good row"],
    )  # fmt: skip
    return made


def _said_by_people(made: Planted) -> None:
    """What people say of a case and of a pair after the night, and what they look at."""
    con = duckdb.connect(str(made.home.monitoring), read_only=True)
    sql = "SELECT case_id FROM hardship.case_file ORDER BY measure DESC LIMIT 1"
    case = con.execute(sql).fetchall()[0][0]
    con.close()
    words = people.WORDS
    made.command(
        "dispute", case, "--by", "本人", "--text", words["words of a dispute"], "--on", NIGHT
    )
    with past_night(made.home.root) as night:
        keys = night.query(
            "SELECT mention_key FROM linkage.mention_feature WHERE name = $name ORDER BY 1",
            {"name": people.GOOD},
        )["mention_key"].to_list()
    assert len(keys) > 1
    found = judgements.judgement(
        keys[0], keys[1], judgements.SAME, people.CLERK, datetime.now(UTC),
        words["words of a judgement"],
    )  # fmt: skip
    judgements.record(made.home, [found])
    made.command("explain", case, "--format", "json", *PURPOSE)
    made.command("review", *PURPOSE)
    made.command("quarantine", "export", *PURPOSE)


def _lose_a_row(made: Planted) -> None:
    """A row gets lost between landing and the checks, so that the night is held back."""
    landed = [r for r in load_receipts(made.home) if r.dataset == "field_report" and r.rows_landed]
    before = os.umask(0o077)
    replace(landed[0], rows_landed=9, rows_read=9).save(made.home)
    os.umask(before)
