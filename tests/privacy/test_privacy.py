"""Marked people are looked for in every byte that nights leave where nobody may be named; and
commands that show who somebody is ask for a purpose and are noted before they show anything.

That the search can find is shown in `test_search`. One file, so that the nights are made once.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import cli, rooms
from pipelines.errors import JiuzhulianError
from pipelines.lake import access_log
from pipelines.lake.correction import in_force, load_corrections
from pipelines.lake.home import Home
from pipelines.nightly import open_night
from pipelines.publish.reading import past_night
from pipelines.settings import Settings
from tests.privacy.conftest import ISOLATED, NIGHT, PURPOSE, Planted
from tests.privacy.people import WORDS
from tests.privacy.search import Search

pytestmark = pytest.mark.long

NUMBER, NAME, RECORD = "99010219780411023X", "王守义", "medical_insurance/insured_person:HW1|390"


def test_they_went_through_the_night(planted: Planted) -> None:
    """Else it would be no wonder that they are not found."""
    assert [one.returncode for one in planted.said] == [0, 1, 1], planted.said
    within = Search(WORDS).below(planted.home.lake) | Search(WORDS).below(planted.home.quarantine)
    assert set(WORDS) - {line.rsplit(": ", 1)[1] for line in within} == set()
    failed = sqlite3.connect(planted.home.dagster / "history" / "runs.db")
    states = [state for (state,) in failed.execute("SELECT status FROM runs").fetchall()]
    failed.close()
    assert sorted(states) == ["FAILURE", "FAILURE", "SUCCESS"]


def test_nothing_names_them_where_nobody_may_be_named(planted: Planted) -> None:
    search = Search(WORDS)
    found = search.below(planted.root, but=planted.identifying)
    assert search.files > 10
    assert found == set()


def test_no_command_said_their_names(planted: Planted) -> None:
    search = Search(WORDS)
    told = [*planted.told, *(one.stdout + one.stderr for one in planted.said)]
    said = [search.in_bytes(one.encode()) for one in told]
    assert said == [set()] * len(said)


def test_nothing_is_left_outside_home(planted: Planted) -> None:
    left = [path for path in planted.elsewhere.rglob("*") if path.is_file()]
    assert left == []
    home = f"wrote {planted.home.root}/"
    others = {line for line in planted.guarded("wrote ") if not line.startswith(home)}
    assert {line for line in others if "/dev/" not in line} == set()


def test_what_identifies_is_closed_to_others(planted: Planted) -> None:
    restricted = planted.home.restricted
    modes = {
        path: stat.S_IMODE(path.lstat().st_mode)
        for path in (restricted, *restricted.rglob("*")) if not path.is_symlink()
    }  # fmt: skip
    assert len(modes) > 200
    assert {p: oct(m) for p, m in modes.items() if p.is_dir() and m != 0o700} == {}
    kept_for_good = 0o400  # what people judged is never written again
    closed = (0o600, kept_for_good)
    assert {p: oct(m) for p, m in modes.items() if p.is_file() and m not in closed} == {}
    assert list(planted.home.tmp.iterdir()) == []


def test_what_is_published_can_be_read_by_others(planted: Planted) -> None:
    published = planted.home.published
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in (published, *published.rglob("*"))}
    assert {p: oct(m) for p, m in modes.items() if m != (0o755 if p.is_dir() else 0o644)} == {}


def test_no_connection_is_tried(planted: Planted) -> None:
    """Nor a name looked up: not by the command, not through Dagster."""
    assert len(planted.guarded("watching")) == 3
    assert planted.guarded("outside") == []


@pytest.mark.isolation
def test_a_whole_night_needs_no_network(planted: Planted) -> None:
    """The first night ran where there is no route, not even a loopback device that is up."""
    first = planted.said[0]
    assert (tuple(first.args[:3]), first.returncode) == (ISOLATED, 0)
    tried = (
        "import socket as s; print(s.socket(s.AF_INET, s.SOCK_DGRAM).connect_ex(('192.0.2.1', 9)))"
    )
    words = [*ISOLATED, sys.executable, "-c", tried]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert int(told) == errno.ENETUNREACH


@pytest.fixture(scope="module")
def home(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the HOME, for these tests to write in."""
    root = tmp_path_factory.mktemp("access") / "home"
    shutil.copytree(planted.home.root, root)
    return Home(root)


@pytest.fixture
def person(home: Home) -> str:
    con = duckdb.connect(str(home.identity), read_only=True)
    ids = con.execute("SELECT person_id FROM person_identity WHERE id_number = ?", [NUMBER])
    found = str(ids.fetchall()[0][0])
    con.close()
    return found


def say(home: Home, *words: str, **more: str) -> str:
    """What a command says; its own error as it is."""
    ended = CliRunner().invoke(cli.app, [*words, "--home", str(home.root)], **more)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    return ended.output


def case(home: Home) -> str:
    """The case of the household in which NUMBER lives."""
    with past_night(home.root) as night:
        found = night.query(
            "SELECT case_id FROM hardship.case_file AS filed "
            "INNER JOIN population.person AS person ON person.household_id = filed.household_id "
            "INNER JOIN linkage.person_identity AS known ON known.person_id = person.person_id "
            "WHERE known.id_number = $number ORDER BY case_id", {"number": NUMBER},
        )["case_id"].to_list()  # fmt: skip
    return str(found[0])


def last(home: Home) -> access_log.Entry:
    return list(access_log.entries(home))[-1]


def test_no_identity_without_a_purpose(home: Home, person: str, tmp_path: Path) -> None:
    before = access_log.verify(home)[0]
    for words in (
        ("explain", case(home), "--names"), ("review",), ("quarantine", "export"),
        ("person", "reidentify", person), ("person", "show", person), ("person", "find"),
        ("seal", str(tmp_path / "x.age"), "--to", "age1" + "q" * 58), ("key", "rotate"),
    ):  # fmt: skip
        with pytest.raises(JiuzhulianError, match=r"--purpose is missing|recipient 1 is none"):
            say(home, *words)
    assert access_log.verify(home) == (before, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("purpose", [NUMBER, "打 13812345678", "长" * 300])
def test_a_purpose_that_would_name_somebody_is_refused(home: Home, purpose: str) -> None:
    with pytest.raises(JiuzhulianError, match="--purpose"):
        say(home, "review", "--purpose", purpose)


def test_names_are_shown_once_it_is_noted(home: Home) -> None:
    told = say(home, "explain", case(home), "--names", *PURPOSE)
    assert NAME in told
    noted = last(home)
    assert (noted.action, noted.subjects) == ("explain_names", (case(home),))
    assert noted.purpose == PURPOSE[1]


def test_a_purpose_from_the_environment_will_do(
    home: Home, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIUZHULIAN_PURPOSE", "夜间任务")
    told = json.loads(say(home, "person", "reidentify", person))
    assert (told["name"], told["id_number"]) == (NAME, NUMBER)
    assert last(home).purpose == "夜间任务"


def test_masked_explanations_are_noted_too(home: Home) -> None:
    assert NAME not in say(home, "explain", case(home))
    assert (last(home).action, last(home).purpose) == ("explain", "")


def test_the_log_is_shown_and_verified(home: Home) -> None:
    say(home, "review", *PURPOSE)
    head = say(home, "audit", "head").strip()
    assert "entries hold" in say(home, "audit", "verify", "--head", head)
    told = json.loads(say(home, "audit", "show", "--format", "json", "--last", "1"))
    assert [one["action"] for one in told] == ["review"]
    log = access_log.log_file(home)
    kept = log.read_bytes()
    log.write_bytes(kept.replace(b"review", b"REVIEW", 1))
    try:
        with pytest.raises(JiuzhulianError, match="does not hold"):
            say(home, "audit", "verify")
    finally:
        log.write_bytes(kept)


def test_the_night_notes_what_it_laid_into_the_outbox(home: Home) -> None:
    nightly = [one for one in access_log.entries(home) if one.purpose == access_log.NIGHTLY]
    assert {one.action for one in nightly} >= {"work_orders", "referrals"}


def test_a_number_leads_to_an_id_and_is_kept_nowhere(home: Home, person: str) -> None:
    assert say(home, "person", "find", *PURPOSE, input=f"{NUMBER}\n").strip() == person
    assert NUMBER not in access_log.log_file(home).read_text(encoding="utf-8")
    with pytest.raises(JiuzhulianError, match="nobody is known"):
        say(home, "person", "find", *PURPOSE, input="990102199912310011\n")


def test_what_is_held_on_a_person(home: Home, person: str, tmp_path: Path) -> None:
    out = tmp_path / "held.json"
    say(home, "person", "show", person, "--out", str(out), *PURPOSE)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["identity"]["name"] == NAME
    assert RECORD in told["registers"]
    assert {"population.person", "hardship.person_indicator"} <= set(told["tables"])
    assert {one["action"] for one in told["looked_at"]} >= {"held"}


def test_nights_respect_a_correction(planted: Planted, home: Home, person: str) -> None:
    """The value is asked for on stdin; the next night reads it, the register's own word stays."""
    words = ("--record", RECORD, "--reason", "本人出示", "--by", "窗口")
    say(
        home, "person", "correct", person, "--column", "birth_date", *words, input="1978年4月12日\n"
    )
    (made,) = in_force(load_corrections(home))
    assert (made.was, dict(made.values)) == ("1978-04-11", {"birth_date": "1978-04-12"})
    settings = Settings(landing=planted.landing, home=home.root, settle_seconds=0)
    night = open_night(settings, date.fromisoformat(NIGHT))
    rooms.build("standard.std_medical_insurance__insured_person", night)
    rows = night.frame("standard.std_medical_insurance__insured_person")
    night.close()
    found = rows.filter(pl.col("record_key") == "HW1|390")["birth_date"].to_list()
    assert found == [date(1978, 4, 12)]
    assert rows.filter(pl.col("birth_date") == date(1950, 9, 2)).height == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("--column", "psn_no"), "says which row it is"),
        (("--column", "wages"), "has no column"),
        (("--column", "birth_date"), "the value is no date"),
        (("--column", "phone", "--record", "medical_insurance/settlement:W0001"), "sent again"),
        (("--column", "phone", "--record", "medical_insurance/insured_person:HW2|390"),
         "no row of"),
        (("--column", "phone", "--by", " "), "--reason and --by"),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected_here(
    home: Home, person: str, change: tuple[str, ...], says: str
) -> None:
    before = len(load_corrections(home))
    words = ("--record", RECORD, "--reason", "本人出示", "--by", "窗口")
    with pytest.raises(JiuzhulianError, match=says):
        say(home, "person", "correct", person, *words, *change, input="昨天\n")
    assert len(load_corrections(home)) == before


def test_a_restricted_person_is_not_shown(home: Home, person: str) -> None:
    decided = ("--reason", "本人申请", "--by", "窗口")
    say(home, "person", "restrict", person, *decided)
    for words in (("reidentify", person), ("show", person)):
        with pytest.raises(JiuzhulianError, match="restricted"):
            say(home, "person", *words, *PURPOSE)
    assert NAME in say(home, "person", "reidentify", person, "--despite-restriction", *PURPOSE)
    assert last(home).action == "reidentify:despite"
    say(home, "person", "restrict", person, "--lift", *decided)
    assert NAME in say(home, "person", "reidentify", person, *PURPOSE)


def test_sealing_and_opening_are_noted(home: Home, tmp_path: Path) -> None:
    key, out = tmp_path / "key", tmp_path / "outbox.age"
    recipient = CliRunner().invoke(cli.app, ["key", "new", str(key)]).output.strip()
    say(home, "seal", str(out), "--part", "outbox", "--to", recipient, *PURPOSE)
    assert last(home).action == "seal:outbox"
    words = ("--into", str(tmp_path / "opened"), "--identity", str(key))
    say(home, "unseal", str(out), *words, *PURPOSE)
    assert last(home).action == "unseal"
    assert (tmp_path / "opened" / "restricted" / "outbox").is_dir()


def test_a_new_key_leaves_the_ids_that_are_in_use(home: Home) -> None:
    """Ids go on by the night before; the old key is kept for replays."""
    before = home.key()
    say(home, "key", "rotate", *PURPOSE)
    assert home.key() != before
    (kept,) = home.restricted.glob("hmac.*.key")
    assert kept.read_bytes() == before
    assert {stat.S_IMODE(p.stat().st_mode) for p in (kept, home.key_file)} == {0o600}
