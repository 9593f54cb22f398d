"""The service by itself: its schedule fires, files arrive, the suspect is published, it stops."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.service.conftest import Running, Start, alive, until
from tests.service.town import ILL, SHANGHAI, settle, settle_in, today

pytestmark = pytest.mark.service


def suspects(published: Path) -> int:
    with duckdb.connect(str(published), read_only=True) as con:
        return len(con.execute("FROM hardship.suspected_illness_poverty").fetchall())


def night_of(published: Path) -> str:
    with duckdb.connect(str(published), read_only=True) as con:
        return str(con.execute("SELECT max(as_of) FROM meta.run").fetchall()[0][0])


def before_its_hour(start: Start) -> Running:
    """A service that serves before the hour of its night; a busy machine gets more time."""
    for margin in (60, 180, 420):
        soon = datetime.now(SHANGHAI).replace(second=0, microsecond=0)
        soon += timedelta(seconds=60 + margin)
        made = start(nightly_at=f"{soon:%H:%M}")
        if datetime.now(SHANGHAI) < soon - timedelta(seconds=10):
            return made
        assert made.stop() == 0
    raise AssertionError("the service took more than seven minutes to start")


def test_the_service_makes_the_night_and_renews_it_when_files_arrive(start: Start) -> None:
    made = before_its_hour(start)
    day = today()
    first = until(lambda: made.ended("schedule"), "the night that the schedule starts")
    assert first["status"] == "SUCCESS", made.said
    assert first["tags"]["dagster/partition"] == first["tags"]["as_of"] == day.isoformat()
    assert first["tags"]["policy_version"].startswith("rizhao@")
    assert night_of(made.published) == day.isoformat()
    assert suspects(made.published) == 0

    settle_in(made.landing, day)
    settle(made.landing, day, ILL, 200_000, "B2")
    second = until(lambda: made.ended("arrivals"), "the night that the files renew")
    assert second["status"] == "SUCCESS", made.said
    assert second["tags"]["dagster/partition"] == day.isoformat()
    until(lambda: suspects(made.published) == 1, "the suspect", 10)

    children = made.children()
    assert len(children) >= 3
    assert made.stop() == 0
    assert alive(children) == []
    assert "nothing is left running" in made.said


def test_a_process_that_dies_is_noticed_and_takes_the_rest_with_it(start: Start) -> None:
    made = start()
    children = made.children()
    daemon = next(pid for pid in children if "dagster-daemon" in command_of(pid))
    os.kill(daemon, signal.SIGKILL)
    assert made.process.wait(timeout=120) == 6
    assert "the daemon of the service ended by itself" in made.said
    assert alive(children) == []
    notice = (made.home / "restricted" / "notices.jsonl").read_text(encoding="utf-8")
    assert json.loads(notice)["kind"] == "service_ended"

    again = start()
    held = again.children()
    assert again.stop(signal.SIGINT) == 0
    assert alive(held) == []


def test_a_service_that_is_killed_leaves_nothing(start: Start) -> None:
    made = start()
    children = made.children()
    with pytest.raises(AssertionError):
        start()  # one service for one HOME
    made.process.kill()
    until(lambda: alive(children) == [], "the end of its children", 90)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
