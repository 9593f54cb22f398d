"""Comparing a few open entities at a time finds the pairs that comparing all of them does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import linkage
from pipelines.linkage import probabilistic
from pipelines.linkage.model import Model, load_model

from . import nights
from .town import AS_OF, build, frame

Score = Callable[[], pl.DataFrame]


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    rows = frame(build(150, seed=31, dirt=3.0).mentions)
    night = nights.night(tmp_path_factory.mktemp("home"), AS_OF, rows)
    for table in linkage.TABLES[: linkage.TABLES.index("linkage.profile") + 1]:
        linkage.build(table, night)
    found = night.frame("linkage.profile")
    night.close()
    return found


@pytest.fixture
def score(profiles: pl.DataFrame, tmp_path: Path) -> Score:
    model: Model = load_model()
    return lambda: probabilistic.scored_pairs(profiles, 400, model, tmp_path, 1, "500MB")


@pytest.fixture(scope="module")
def whole(profiles: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    temp = tmp_path_factory.mktemp("temp")
    return probabilistic.scored_pairs(profiles, 400, load_model(), temp, 1, "500MB")


def fails_over(most: int, error: type[Exception]) -> tuple[list[int], Callable[..., Any]]:
    """Comparing as it is, which fails like Splink for more open entities than `most`."""
    from splink.internals.exceptions import SplinkException

    asked: list[int] = []
    predicted = probabilistic._predicted

    def comparing(con: Any, left: pl.DataFrame, *more: Any) -> pl.DataFrame:
        asked.append(left.height)
        if left.height > most:
            raise SplinkException("a statement, and what it said") from error("not enough")
        return predicted(con, left, *more)

    return asked, comparing


def test_parts_give_what_the_whole_gives(
    score: Score, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert whole.height > 20
    monkeypatch.setattr(probabilistic, "OPEN_AT_ONCE", 17)
    assert_frame_equal(score(), whole)


def test_where_memory_does_not_suffice_fewer_are_compared_at_a_time(
    score: Score, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, comparing = fails_over(20, duckdb.OutOfMemoryException)
    monkeypatch.setattr(probabilistic, "_predicted", comparing)
    monkeypatch.setattr(probabilistic, "FEWEST_AT_ONCE", 5)
    assert_frame_equal(score(), whole)
    assert asked[0] > 20 and min(asked) <= 20


def test_what_cannot_be_compared_at_all_says_why(
    score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, comparing = fails_over(0, duckdb.OutOfMemoryException)
    monkeypatch.setattr(probabilistic, "_predicted", comparing)
    with pytest.raises(duckdb.OutOfMemoryException):
        score()
    asked, comparing = fails_over(0, ZeroDivisionError)
    monkeypatch.setattr(probabilistic, "_predicted", comparing)
    with pytest.raises(ZeroDivisionError):
        score()
    assert len(asked) == 1
