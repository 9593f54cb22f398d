"""The commands `review` and `judge`, from one night to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import judging
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.home import Home
from pipelines.linkage import judgements
from pipelines.linkage.judgements import pair_id

from . import nights
from .test_judgements import PUPIL, A, B, rows
from .test_room import small
from .town import AS_OF


def test_answers_that_contradict_each_other_are_told_and_asked_again(tmp_path: Path) -> None:
    """Of three records, two pairs are judged to be one person and the third pair to be two."""
    nights.commit(small(tmp_path, rows()))
    answers = {(A, B): "不是同一人", (A, PUPIL): "同一人", (B, PUPIL): "同一人"}
    filled = tmp_path / "filled.csv"

    def sheet(*pairs: tuple[tuple[str, str], str]) -> None:
        pl.DataFrame(
            [(pair_id(*sorted(pair)), answer, *pair) for pair, answer in pairs],
            ["配对编号 pair", "判断 judgement", "记录1 record", "记录2 record"], orient="row",
        ).write_csv(filled)  # fmt: skip

    sheet(*answers.items(), ((B, A), "同一人"))
    with pytest.raises(JiuzhulianError, match="row 5: another answer than row 2"):
        judging.take_in(filled, "某人", tmp_path)
    sheet(*answers.items(), ((B, A), "不是同一人"))
    said = judging.take_in(filled, "某人", tmp_path)
    assert "3 judgements taken in" in said and pair_id(A, B) in said and "林" not in said
    made = small(tmp_path, rows(), AS_OF + timedelta(days=1))
    persons = nights.persons(made)
    assert persons[A] != persons[B]
    asked = made.frame("linkage.match_review", ["reason", "judgement"])
    refused = ("would join two who were judged to be two people", "same")
    assert refused in asked.rows()
    nights.commit(made)
    sheet(((A, PUPIL), "不是同一人"))
    assert "make them one" not in judging.take_in(filled, "某人", tmp_path)


def test_an_answer_about_a_record_that_is_gone_is_kept_and_told(tmp_path: Path) -> None:
    """An old sheet: the record was corrected, and stands under another key by now."""
    nights.commit(small(tmp_path, rows()))
    old = f"{A}-old"
    filled = tmp_path / "filled.csv"
    pl.DataFrame(
        [(pair_id(*sorted(pair)), "同一人", *pair) for pair in ((A, B), (old, B))],
        ["配对编号 pair", "判断 judgement", "记录1 record", "记录2 record"], orient="row",
    ).write_csv(filled)  # fmt: skip
    said = judging.take_in(filled, "某人", tmp_path)
    assert "2 judgements taken in" in said
    lost = pair_id(*sorted((old, B)))
    assert f"1 pairs have a record that the newest night does not hold ({lost})" in said
    assert judgements.stored(Home(tmp_path)).height == 2


def test_the_later_row_of_ten_holds(tmp_path: Path) -> None:
    """Judgements of one moment hold in the order in which they were written."""
    home = Home(tmp_path).create()
    at = datetime(2026, 11, 19, 8, tzinfo=UTC)
    verdicts = ["same"] * 9 + ["different"]
    judgements.record(home, [judgements.judgement(A, B, v, "某人", at) for v in verdicts])
    in_force = judgements.stored(home).filter("in_force")
    assert in_force["verdict"].to_list() == ["different"]


def test_a_sheet_goes_out_comes_back_and_holds_the_next_night(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no night yet"):
        judging.write_sheet(tmp_path, 10)
    nights.commit(small(tmp_path, rows()))
    said = judging.write_sheet(tmp_path, 10)
    sheet = (
        tmp_path / "restricted" / "outbox" / "match_review" / f"match_review_{AS_OF:%Y%m%d}.xlsx"
    )
    assert str(sheet) in said and "林" not in said
    asked = pl.read_excel(sheet, infer_schema_length=0)
    assert asked["配对编号 pair"].to_list() == [pair_id(A, B)]
    filled = tmp_path / "filled.csv"
    asked.with_columns(pl.lit("不是同一人").alias("判断 judgement")).write_csv(filled)
    with pytest.raises(JiuzhulianError, match="name who decided"):
        judging.take_in(filled, " ", tmp_path)
    assert "1 judgements taken in" in judging.take_in(filled, "某人", tmp_path)
    store = judgements.stored(Home(tmp_path))
    assert store.select("judged_by", "verdict").rows() == [("某人", "different")]
    told = judging.explain_pair(tmp_path, pair_id(A, B), None)
    assert "one person now" in told and "林" not in told
    made = small(tmp_path, rows(), AS_OF + timedelta(days=1))
    persons = nights.persons(made)
    assert persons[A] != persons[B]
    made.close()
