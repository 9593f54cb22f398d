"""Every reason that a decision can give stands in Chinese too."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from pipelines.linkage import decide
from pipelines.linkage.model import load_model
from pipelines.linkage.reasons import SENTENCES, in_chinese


def chinese(*reasons: str) -> list[str]:
    frame = pl.DataFrame({"reason": list(reasons)})
    return frame.select(in_chinese(pl.col("reason"))).to_series().to_list()


def test_properties_are_named_with_how_they_agree() -> None:
    assert chinese("name exact, birth one_digit, phone shared") == [
        "姓名相同，出生日期差一位，电话相同"
    ]
    assert chinese("names differ: surname", "name sound_toned, birth year_apart") == [
        "姓名不符：仅姓氏相同", "姓名音调皆同，出生日期相差一年",
    ]  # fmt: skip


def test_no_word_of_the_model_stays_english() -> None:
    model = load_model()
    reasons = [
        f"{column.removesuffix('_level')} {label}"
        for column, labels in {**model.companions, "name_level": model.linking_names}.items()
        for label in labels
    ] + [f"names differ: {level.label}" for level in model.comparison("name").levels]
    assert not [said for said in chinese(*reasons) if re.search("[a-z]", said)]


def test_every_sentence_of_the_code_is_translated() -> None:
    source = Path(decide.__file__).read_text(encoding="utf-8")
    written = set(re.findall(r'(?:pl\.lit|return|right,) ?\(?"([a-z][^"]+ [^"]+[a-z])"', source))
    assert written and not written - set(SENTENCES)
