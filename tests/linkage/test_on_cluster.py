"""Pairs found on the cluster are those of one machine: which, how they agree, what they weigh."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import linkage
from pipelines.lake.cluster import Cluster
from pipelines.lake.night import Night
from pipelines.linkage import incremental, probabilistic
from pipelines.linkage.model import load_model
from tests.engine.quiet import QUIET

from . import nights
from .town import AS_OF, build, frame

pytestmark = pytest.mark.spark

Row = dict[str, Any]
LISTS = ("names", "births", "pinyins", "toned", "shapes", "surnames", "shortened", "masked",
         "phones", "groups", "evidence")  # fmt: skip
VALUES = ("sound", "surname", "sex", "number_text", "number_18", "number_front", "number_back",
          "birth_text", "birth_lunar", "birth_year", "birth_day", "village", "township",
          "county")  # fmt: skip


def _digit(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    return text[:place] + rng.choice("0123456789X") + text[place + 1 :]


def _swap(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _drop(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    return text[:place] + text[place + 1 :]


def _damaged_number(rng: random.Random, row: Row, _other: Row) -> None:
    shown = row["number_text"] or row["number_18"] or "990102199001011234"
    how: Callable[[random.Random, str], str] = rng.choice(
        [_digit, _swap, _drop, lambda _, text: text[:15] + "000", lambda _, text: text + "张"]
    )
    row["number_text"] = how(rng, shown)


def _birth(rng: random.Random, row: Row, _other: Row) -> None:
    text = row["birth_text"] or "20010203"
    row["birth_text"] = rng.choice([
        _digit(rng, text).replace("X", "7"), text[:4] + text[6:] + text[4:6],
        f"{int(text[:4]) - 1}{text[4:]}", text[:4] + "0101", row["birth_lunar"] or text,
    ])  # fmt: skip
    row["births"] = rng.choice([row["births"], [], None, [None, *(row["births"] or [])]])
    row["birth_year"], row["birth_day"] = row["birth_text"][:4], row["birth_text"][4:]


def _shared(rng: random.Random, row: Row, other: Row) -> None:
    for column in rng.sample(LISTS, 3):
        row[column] = [*(row[column] or []), *(other[column] or [])]
    column = rng.choice(["village", "township", "county", "sound", "surname", "sex"])
    row[column] = other[column]


def _unknown(rng: random.Random, row: Row, _other: Row) -> None:
    for column in rng.sample(VALUES, rng.randint(1, 6)):
        row[column] = None
    if rng.random() < 0.3:
        row["name"] = row["tf_name"] = None


def _empty(rng: random.Random, row: Row, _other: Row) -> None:
    for column in rng.sample(LISTS, rng.randint(1, 5)):
        held = row[column] or []
        row[column] = rng.choice([[], None, [None], [*held, None], held[:1]])


def _short_name(_rng: random.Random, row: Row, _other: Row) -> None:
    row["names"] = (row["shortened"] or [])[:1]
    row |= {"toned": [], "pinyins": [], "shapes": []}


def _homophone(_rng: random.Random, row: Row, _other: Row) -> None:
    """Its name was heard, its tones were not."""
    row |= {"names": [f"{name}氵" for name in row["names"] or []], "toned": [], "shortened": []}


MISHAPS = (_damaged_number, _birth, _shared, _unknown, _empty, _short_name, _homophone)


def nasty(rows: list[Row], copies: int, seed: int) -> Iterator[Row]:
    """Copies of rows to which something happened, some more of them open."""
    rng = random.Random(seed)
    first = max(row["entity_no"] for row in rows) + 1
    for number in range(first, first + copies):
        row, other = ({**one} for one in rng.sample(rows, 2))
        row |= {"entity_no": number, "is_open": rng.random() < 0.5}
        _birth(rng, row, other)
        for happens in rng.sample(MISHAPS, rng.randint(0, 3)):
            happens(rng, row, other)
        yield row


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    town = frame(build(100, seed=31, dirt=3.0).mentions)
    made = nights.night(tmp_path_factory.mktemp("home"), AS_OF, town)
    for table in linkage.TABLES[: linkage.TABLES.index("linkage.profile") + 1]:
        linkage.build(table, made)
    known = made.frame("linkage.profile")
    more = pl.DataFrame(list(nasty(known.to_dicts(), 250, seed=5)), known.schema)
    made.write("linkage.profile", pl.concat([known, more]))
    made.cluster = Cluster(QUIET)
    yield made
    made.close()


@pytest.fixture(scope="module")
def on_duckdb(night: Night) -> pl.DataFrame:
    return incremental.scored_pairs(night, load_model())


def test_the_same_pairs(
    night: Night, on_duckdb: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levels and weights to the last digit that is kept; nothing is compared in this process, and
    nothing of it stays, here or on the executors."""
    monkeypatch.setattr(probabilistic, "_predicted", lambda *_: pytest.fail("compared here"))
    here = {path.name for path in Path.cwd().iterdir()}
    found, work = incremental.scored(night, load_model())
    assert_frame_equal(found, on_duckdb, check_exact=True)
    assert work["tasks"] > 0
    assert {path.name for path in Path.cwd().iterdir()} == here
    assert not list(night.temp.glob("pairs-*"))
    engine = night.cluster._engine
    assert engine is not None
    assert engine.session.sparkContext._jsc.getPersistentRDDs().size() == 0


def test_every_level_was_met(on_duckdb: pl.DataFrame) -> None:
    """What the same answer says something of."""
    model = load_model()
    for name in probabilistic.LEVELS:
        levels = {"unknown", *(level.label for level in model.comparison(name).levels)}
        assert set(on_duckdb[f"{name}_level"]) == levels, name
    opened = on_duckdb["left_no"].unique().implode()
    assert on_duckdb.filter(pl.col("right_no").is_in(opened)).height > 50
    assert on_duckdb.height > 500


def test_nobody_open_makes_no_pair(night: Night, on_duckdb: pl.DataFrame) -> None:
    before = night.frame("linkage.profile")
    night.write("linkage.profile", before.with_columns(is_open=pl.lit(value=False)))
    try:
        found, work = incremental.scored(night, load_model())
        assert_frame_equal(found, on_duckdb.clear())
        assert not work
    finally:
        night.write("linkage.profile", before)
