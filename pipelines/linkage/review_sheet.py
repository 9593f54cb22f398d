"""The spreadsheet in which people judge pairs: written from match_review, read back as judgements.

Everything in it is text, so that no cell can be a formula. What a judgement does stands elsewhere.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.cells import safe
from pipelines.errors import JiuzhulianError
from pipelines.lake.night import Night
from pipelines.linkage import judgements
from pipelines.linkage.judgements import DIFFERENT, SAME, UNSURE, Judgement

CHOICES = {"同一人": SAME, "不是同一人": DIFFERENT, "不确定": UNSURE}
SIDES = ("name", "number", "birth_date", "sex", "phone", "address", "dataset")
SHEET = "match_review"
HEADERS = {
    "pair_id": "配对编号 pair", "verdict": "判断 judgement", "note": "备注 note",
    "at_stake": "影响 at stake", "reason_zh": "原因", "reason": "reason",
    "probability": "概率 probability",
    **{f"{side}_{place}": f"{zh}{turn}" for turn, place in ((1, "left"), (2, "right"))
       for side, zh in zip(SIDES, ("姓名", "号码", "出生日期", "性别", "电话", "地址", "数据集"),
                           strict=True)},
    "left_key": "记录1 record", "right_key": "记录2 record",
}  # fmt: skip
PAIRS = """
select
    match_review.pair_id,
    cast(null as varchar) as verdict,
    cast(null as varchar) as note,
    match_review.at_stake,
    match_review.reason_zh,
    match_review.reason,
    cast(round(match_review.probability, 4) as varchar) as probability,
    {sides},
    match_review.left_key,
    match_review.right_key
from linkage.match_review
inner join linkage.mention_feature as left_side
    on left_side.mention_key = match_review.left_key
inner join linkage.mention_feature as right_side
    on right_side.mention_key = match_review.right_key
order by match_review.place
limit $most
"""
SIDE = {
    "name": "{s}.name",
    "number": "coalesce({s}.number, {s}.number_text)",
    "birth_date": "cast({s}.birth_date as varchar)",
    "sex": "{s}.sex",
    "phone": "{s}.phone",
    "address": "{s}.address",
    "dataset": "{s}.source || '/' || {s}.dataset",
}


def pairs(night: Night, most: int) -> pl.DataFrame:
    """The first pairs of match_review with what both records say, columns as `HEADERS`."""
    sides = ", ".join(
        f"{SIDE[side].format(s=f'{place}_side')} as {side}_{place}"
        for place in ("left", "right")
        for side in SIDES
    )
    return night.query(PAIRS.format(sides=sides), {"most": most}).select(HEADERS.keys())


def write(rows: pl.DataFrame, path: Path) -> None:
    """An Excel file, mode 0600, with a drop-down of the three answers."""
    import xlsxwriter

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    options = {"strings_to_formulas": False, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(unfinished, options) as book:
        sheet = book.add_worksheet(SHEET)
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"bold": True, "text_wrap": True})
        for column, title in enumerate(HEADERS.values()):
            sheet.write_string(0, column, title, head)
        for line, row in enumerate(rows.iter_rows(), start=1):
            for column, value in enumerate(row):
                sheet.write_string(line, column, safe("" if value is None else value), text)
        asked = list(HEADERS).index("verdict")
        sheet.set_column(0, len(HEADERS) - 1, 16)
        sheet.freeze_panes(1, asked + 1)
        if rows.height:
            rule: dict[str, Any] = {"validate": "list", "source": list(CHOICES)}
            sheet.data_validation(1, asked, rows.height, asked, rule)
    os.chmod(unfinished, 0o600)
    os.replace(unfinished, path)


def read(path: Path, by: str, at: datetime) -> list[Judgement]:
    """The judgements in a filled sheet (.xlsx or .csv); rows without an answer say nothing.

    Raises JiuzhulianError with all faults at once: a column that is missing, an answer that is none
    of the three, a pair whose number does not belong to its records, a pair with two answers.
    """
    frame = _frame(path)
    titles = {_plain(title): name for name, title in HEADERS.items()}
    frame = frame.rename({c: titles[_plain(c)] for c in frame.columns if _plain(c) in titles})
    needed = ("pair_id", "verdict", "left_key", "right_key")
    if missing := [HEADERS[name] for name in needed if name not in frame.columns]:
        raise JiuzhulianError(f"{path.name}: columns are missing: {', '.join(missing)}")
    faults: list[str] = []
    found: dict[str, tuple[int, Judgement]] = {}
    for line, row in enumerate(frame.iter_rows(named=True), start=2):
        answer = _plain(row["verdict"] or "")
        if not answer:
            continue
        verdict = CHOICES.get(answer) or (answer if answer in judgements.VERDICTS else None)
        if verdict is None:
            faults.append(f"row {line}: the answer must be one of {', '.join(CHOICES)}")
            continue
        keys = sorted((row["left_key"] or "", row["right_key"] or ""))
        pair = judgements.pair_id(*keys)
        if (row["pair_id"] or "").strip() != pair or keys[0] == keys[1]:
            faults.append(f"row {line}: pair and records do not belong together, take a new sheet")
            continue
        note = (row.get("note") or "").strip() or None
        if pair in found and found[pair][1].verdict != verdict:
            faults.append(f"row {line}: another answer than row {found[pair][0]} for the same pair")
            continue
        found[pair] = line, judgements.judgement(keys[0], keys[1], verdict, by, at, note)
    if faults:
        raise JiuzhulianError(f"{path.name}: nothing was taken in\n" + "\n".join(faults))
    return [judged for _, judged in found.values()]


def _plain(text: str) -> str:
    return text.strip().removeprefix("'")


def _frame(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".xlsx":
            return pl.read_excel(path, infer_schema_length=0)
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        return pl.read_csv(text.encode(), infer_schema=False)
    except OSError as error:
        raise JiuzhulianError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:
        raise JiuzhulianError(
            f"{path.name} is no spreadsheet of pairs ({type(error).__name__}): "
            "give the .xlsx that `jiuzhulian review` wrote, or the same saved as .csv"
        ) from None
