"""The commands `review` and `judge`, from one night to the next."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import judging
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.home import Home
from pipelines.linkage import judgements
from pipelines.linkage.judgements import pair_id

from . import nights
from .test_judgements import A, B, rows
from .test_room import small
from .town import AS_OF


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
