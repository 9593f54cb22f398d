"""A shrunken or missing scope moves nobody until a person accepts it; what is listed is right."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.acceptance import load_acceptances
from pipelines.standard.accept import accept, held_back, withdraw

CERTIFICATE = "civil_affairs/assistance_household"
STD = "standard.std_civil_affairs__assistance_household"
MADE = (STD, "quality.scope", "quality.freshness")
A, B, C = "371102", "371121", "371122"


def certificates(county: str, numbers: range) -> list[dict[str, Any]]:
    return [
        {"certificate_no": f"{county}-{n}", "category": "低保", "region_code": county + "000000"}
        for n in numbers
    ]


@pytest.fixture
def two_extracts(lake: Any) -> Any:
    """County A loses 40 of 100 and gains 5, B is missing, C loses one of ten."""
    first = [*certificates(A, range(100)), *certificates(B, range(7)), *certificates(C, range(10))]
    lake.land(CERTIFICATE, "2026-11-01", first)
    second = [*certificates(A, range(40, 105)), *certificates(C, range(9))]
    lake.land(CERTIFICATE, "2026-11-10", second)
    return lake


def leaving(lake: Any, as_of: str, county: str) -> tuple[int, int]:
    """Certificates of a county that count, and those that have left."""
    std = lake.night(as_of, *MADE).frame(STD)
    of = std.filter(pl.col("region_code").str.starts_with(county))
    gone = of["left_on"].is_not_null().sum()
    return of.height - gone, gone


def test_what_is_held_back_moves_nobody_and_is_listed(two_extracts: Any) -> None:
    assert leaving(two_extracts, "2026-11-15", A) == (100, 0)
    assert leaving(two_extracts, "2026-11-15", B) == (7, 0)
    assert leaving(two_extracts, "2026-11-15", C) == (9, 1)
    night, held = held_back(two_extracts.home)
    assert night == date(2026, 11, 15)
    listed = held.select("scope", "rows", "held_reason", "held_rows", "lost_rows", "leaving_rows")
    assert listed.rows() == [
        (f"低保|{A}", 100, "shrunken", 65, 35, 40),
        (f"低保|{B}", 7, "missing", 0, 7, 7),
    ]


def test_accepting_moves_as_many_as_the_list_said(two_extracts: Any) -> None:
    two_extracts.night("2026-11-15", *MADE)
    made = accept(two_extracts.home, CERTIFICATE, [f"低保|{A}"], "moved to the new system", "lead")
    assert [(one.scope, one.rows, one.leaving_rows) for one in made] == [(f"低保|{A}", 65, 40)]
    assert leaving(two_extracts, "2026-11-16", A) == (65, 40)
    assert leaving(two_extracts, "2026-11-16", B) == (7, 0)
    assert held_back(two_extracts.home)[1]["scope"].to_list() == [f"低保|{B}"]
    (kept,) = load_acceptances(two_extracts.home)
    assert (kept.decided_by, kept.reason) == ("lead", "moved to the new system")


def test_a_missing_county_that_is_accepted_is_gone(two_extracts: Any) -> None:
    two_extracts.night("2026-11-15", *MADE)
    accept(two_extracts.home, CERTIFICATE, None, "counties merged", "lead")
    assert leaving(two_extracts, "2026-11-16", B) == (0, 7)
    states = two_extracts.night("2026-11-17", *MADE).frame("quality.scope")
    assert f"低保|{B}" not in states["scope"].to_list()


def test_an_acceptance_can_be_withdrawn_and_both_are_kept(two_extracts: Any) -> None:
    two_extracts.night("2026-11-15", *MADE)
    accept(two_extracts.home, CERTIFICATE, None, "seems right", "lead")
    withdraw(two_extracts.home, CERTIFICATE, [f"低保|{A}"], "was wrong", "other")
    assert leaving(two_extracts, "2026-11-16", A) == (100, 0)
    assert leaving(two_extracts, "2026-11-16", B) == (0, 7)
    assert [one.accepted for one in load_acceptances(two_extracts.home)] == [True, True, False]


def test_what_comes_in_later_for_the_same_date_is_judged_anew(two_extracts: Any) -> None:
    two_extracts.night("2026-11-15", *MADE)
    accept(two_extracts.home, CERTIFICATE, None, "right", "lead")
    two_extracts.land(CERTIFICATE, "2026-11-10", certificates(A, range(3)), night="2026-11-16")
    assert leaving(two_extracts, "2026-11-16", A)[0] == 65


def test_a_missing_county_becomes_late_by_itself(two_extracts: Any) -> None:
    two_extracts.land(CERTIFICATE, "2026-12-05", certificates(A, range(100)))
    night = two_extracts.night("2026-12-10", *MADE)
    late = night.frame("quality.scope").filter(pl.col("late"))
    assert late.select("scope", "newest_extract", "age_days").rows() == [
        (f"低保|{B}", date(2026, 11, 1), 39)
    ]
    fresh = night.frame("quality.freshness").filter(pl.col("dataset") == "assistance_household")
    assert fresh.select("late", "late_scopes", "held_scopes").rows() == [(False, 1, 2)]


def test_what_cannot_be_accepted_says_why(two_extracts: Any) -> None:
    with pytest.raises(NotFound, match="run a night"):
        held_back(two_extracts.home)
    two_extracts.night("2026-11-15", *MADE)
    with pytest.raises(NotFound, match=f"nothing is held back under 低保.{C}.*{A}"):
        accept(two_extracts.home, CERTIFICATE, [f"低保|{C}"], "x", "y")
    with pytest.raises(NotFound, match="nothing is held back"):
        accept(two_extracts.home, "education/student", None, "x", "y")
    with pytest.raises(JiuzhulianError, match="--reason"):
        accept(two_extracts.home, CERTIFICATE, None, " ", "y")
    assert load_acceptances(two_extracts.home) == []


def test_the_command(two_extracts: Any) -> None:
    two_extracts.night("2026-11-15", *MADE)
    home = ["--home", str(two_extracts.home.root)]
    listed = CliRunner().invoke(cli.app, ["accept", "--list", *home])
    assert listed.exit_code == 0 and f"低保|{A}" in listed.stdout
    words = ["accept", CERTIFICATE, "--scope", f"低保|{A}", "--reason", "r", "--by", "b", *home]
    assert "1 decisions recorded" in CliRunner().invoke(cli.app, words).stdout
    assert len(load_acceptances(two_extracts.home)) == 1
