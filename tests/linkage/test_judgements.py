"""Judgements: kept for good, the newest in force, and stronger than numbers and the model."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.linkage import judgements, review_sheet
from pipelines.linkage.explain import explained
from pipelines.linkage.judgements import DIFFERENT, SAME, UNSURE
from pipelines.linkage.waterfall import page

from . import nights
from .test_room import insured, small
from .town import AS_OF, number, row

AT = datetime(2026, 11, 19, 8, tzinfo=UTC)
BORN, CHILD_BORN = date(1980, 1, 2), date(2018, 9, 9)
GROWN = number(BORN, 1, "1")
A, B = (f"medical_insurance/insured_person:{key}|390" for key in "AB")
PUPIL = "education/student:J1"


def rows() -> list[dict[str, object]]:
    """One number on two keys of one register, and a pupil who looks like nobody."""
    return [
        insured("A", name="林建国", id_number=GROWN, birth_date=BORN),
        insured("B", name="林建国", id_number=GROWN, birth_date=BORN),
        row("civil_affairs/social_service", "S1", name="林建国", id_number=GROWN),
        row("education/student", "J1", name="陈小雨", birth_date=CHILD_BORN,
            register_domain="student_no", register_key="J1"),
    ]  # fmt: skip


def judge(home: Path, one: str, other: str, verdict: str, hours: int = 0) -> None:
    store = Home(home).create()
    judgements.record(store, [judgements.judgement(one, other, verdict, "某人",
                                                   AT + timedelta(hours=hours))])  # fmt: skip


def night(home: Path, day: int = 0) -> Night:
    return small(home, rows(), AS_OF + timedelta(days=day))


def test_a_judgement_parts_what_one_number_joins(tmp_path: Path) -> None:
    made = night(tmp_path)
    assert nights.persons(made)[A] == nights.persons(made)[B]
    double = made.frame("linkage.match_review")
    assert double["reason"].to_list() == ["one person with two keys of one register"]
    nights.commit(made)
    judge(tmp_path, A, B, DIFFERENT)
    parted = night(tmp_path, 1)
    persons = nights.persons(parted)
    assert persons[A] != persons[B]
    assert len({persons[A], persons[B], persons["civil_affairs/social_service:S1"]}) == 2
    assert parted.frame("linkage.match_review").is_empty()
    changes = parted.frame("linkage.person_id_change", ["change"])["change"].to_list()
    assert changes == ["split"]
    parted.close()


def test_a_judgement_joins_what_nothing_else_would(tmp_path: Path) -> None:
    judge(tmp_path, PUPIL, A, SAME)
    made = night(tmp_path)
    assert nights.persons(made)[PUPIL] == nights.persons(made)[A]
    link = made.frame("linkage.mention_link").filter(pl.col("mention_key") == PUPIL)
    assert link["method"].to_list() == ["clerical"]
    made.close()


def test_the_newer_judgement_holds_and_the_older_stays(tmp_path: Path) -> None:
    judge(tmp_path, PUPIL, A, SAME)
    judge(tmp_path, A, PUPIL, DIFFERENT, hours=1)
    judge(tmp_path, A, B, UNSURE)
    stored = judgements.stored(Home(tmp_path))
    assert stored.height == 3
    in_force = stored.filter("in_force")
    assert sorted(in_force["verdict"].to_list()) == [DIFFERENT, UNSURE]
    made = night(tmp_path)
    assert nights.persons(made)[PUPIL] != nights.persons(made)[A]
    review = made.frame("linkage.match_review")
    assert review["judgement"].to_list() == [UNSURE]
    made.close()


def test_two_joined_by_a_third_stay_apart_when_judged_so(tmp_path: Path) -> None:
    judge(tmp_path, PUPIL, A, SAME)
    judge(tmp_path, PUPIL, B, SAME, hours=1)
    judge(tmp_path, A, B, DIFFERENT, hours=2)
    made = night(tmp_path)
    persons = nights.persons(made)
    assert persons[A] != persons[B]
    assert persons[PUPIL] in (persons[A], persons[B])
    made.close()


def test_the_sheet_goes_out_and_comes_back(tmp_path: Path) -> None:
    mean = [{**r, "name": "=1+1"} if "S1" in str(r["mention_key"]) else r for r in rows()]
    made = small(tmp_path, mean)
    sheet = tmp_path / "out" / "sheet.xlsx"
    pairs = review_sheet.pairs(made, 10)
    review_sheet.write(pairs, sheet)
    assert sheet.stat().st_mode & 0o777 == 0o600
    back = pl.read_excel(sheet, infer_schema_length=0)
    assert back.height == pairs.height > 0
    assert review_sheet.read(sheet, "某人", AT) == []
    filled = tmp_path / "filled.csv"
    answers = ["不是同一人", "不确定"][: back.height] + [None] * (back.height - 2)
    back.with_columns(pl.Series("判断 judgement", answers)).write_csv(filled)
    found = review_sheet.read(filled, "某人", AT)
    assert [j.verdict for j in found] == [DIFFERENT, UNSURE][: back.height]
    assert {judgements.pair_id(j.left_key, j.right_key) for j in found} <= set(pairs["pair_id"])
    wrong = back.with_columns(pl.lit("也许").alias("判断 judgement"))
    wrong.write_csv(filled)
    with pytest.raises(JiuzhulianError, match="row 2: the answer must be one of"):
        review_sheet.read(filled, "某人", AT)
    swapped = back.with_columns(
        pl.lit("同一人").alias("判断 judgement"), pl.lit(A).alias("记录1 record")
    )
    swapped.with_columns(pl.lit(PUPIL).alias("记录2 record")).write_csv(filled)
    with pytest.raises(JiuzhulianError, match="do not belong together"):
        review_sheet.read(filled, "某人", AT)
    made.close()


def test_a_pair_that_a_person_joined_is_said_to_be(tmp_path: Path) -> None:
    """Not that either is known by a key of its own."""
    nights.commit(night(tmp_path))
    judge(tmp_path, A, PUPIL, SAME)
    made = night(tmp_path, 1)
    for pair in ((A, PUPIL), (PUPIL, A)):
        assert "a person judged it" in explained(made, *pair).sentences[0][1]
    made.close()


def test_a_pair_is_explained_in_sentences_and_parts(tmp_path: Path) -> None:
    made = night(tmp_path)
    tied = explained(made, A, B)
    assert tied.parts == ()
    assert "the same number" in tied.sentences[1][1]
    weighed = explained(made, A, PUPIL)
    assert weighed.probability is not None and weighed.probability < 0.01
    assert {"name", "birth"} <= {part.name for part in weighed.parts}
    odds = 2 ** (weighed.prior_bits + sum(part.bits for part in weighed.parts))
    assert odds / (1 + odds) == pytest.approx(weighed.probability, rel=1e-6)
    text = page(weighed)
    assert "<svg" in text and "http" not in text and "<script" not in text
    made.close()
