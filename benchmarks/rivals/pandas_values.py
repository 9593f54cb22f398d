"""Reading cells with pandas: files into frames of text, text into days, amounts and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.floor.columns import DATASETS, NARROW, WEIGHTS, WIDE
from benchmarks.floor.files import Delivered, excel


def frame_of(files: list[Delivered], name: str) -> pd.DataFrame:
    """All files of a dataset, values read, with extract date and version."""
    dataset = DATASETS[name]
    frames = []
    for file in files:
        places = {place: column for column, place in file.columns.items()}
        if file.form == "parquet":
            text = pd.read_parquet(file.path, columns=[file.header[p] for p in places])
            text.columns = [places[p] for p in places]
            text = text.astype("string")
        elif file.form == "xlsx":
            sheet = excel(file.path).slice(file.skip)
            text = pd.DataFrame(
                {column: sheet.to_series(place).to_list() for place, column in places.items()},
                dtype="string",
            )
        else:
            encoding = "gb18030" if file.encoding == "gb18030" else "utf-8-sig"
            text = pd.read_csv(
                file.path, sep=file.separator, header=None, skiprows=1, dtype="string",
                usecols=list(places), names=range(len(file.header)), encoding=encoding,
                keep_default_na=False, na_values=[""],
            ).rename(columns=places)  # fmt: skip
        made = {
            column: read(kind, text[column], file.scale.get(column, 1))
            if column in text
            else empty(kind, len(text))
            for column, kind in dataset.columns.items()
        }
        frame = pd.DataFrame(made)
        frame["extract_date"] = pd.Timestamp(file.extract_date)
        frame["version"] = np.arange(len(frame)) + file.turn * 10_000_000_000
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def empty(kind: str, rows: int) -> pd.Series:
    types = {"day": "datetime64[s]", "money": "float64", "flag": "boolean"}
    return pd.Series([None] * rows, dtype=types.get(kind, "string"))


def read(kind: str, cell: pd.Series, scale: int) -> pd.Series:
    cell = cell.str.strip()
    cell = cell.where(cell != "")
    if kind == "day":
        return day(cell)
    if kind == "money":
        return money(cell, scale)
    if kind == "flag":
        said = cell.str.lower()
        return said.map(
            {"1": True, "是": True, "true": True, "y": True,
             "0": False, "否": False, "false": False, "n": False}
        ).astype("boolean")  # fmt: skip
    if kind == "region":
        return cell.str.pad(12, "right", "0")
    if kind == "name":
        return cell.str.replace("[\\s\u3000\u00a0]", "", regex=True)
    return cell


def day(cell: pd.Series) -> pd.Series:
    """ISO first, then what is left over by its form."""
    made = pd.to_datetime(cell.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    made = made.astype("datetime64[s]")
    left = cell[made.isna() & cell.notna()]
    if left.empty:
        return made
    eight, six = left.str.fullmatch("[0-9]{8}"), left.str.fullmatch("[0-9]{6}")
    serial = left.str.fullmatch("[0-9]{5}")
    made.update(pd.to_datetime(left[eight], format="%Y%m%d", errors="coerce"))
    made.update(pd.to_datetime(left[six] + "01", format="%Y%m%d", errors="coerce"))
    if serial.any():
        days = pd.to_timedelta(left[serial].astype("int64"), unit="D")
        made.update(pd.Timestamp("1899-12-30") + days)
    rest = left[~(eight | six | serial)]
    if not rest.empty:
        parts = rest.str.extract(r"([0-9]{4})[^0-9]+([0-9]{1,2})(?:[^0-9]+([0-9]{1,2}))?")
        joined = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].fillna("1").str.zfill(2)
        made.update(pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce"))
    return made


def money(cell: pd.Series, scale: int) -> pd.Series:
    made = pd.to_numeric(cell, errors="coerce").astype("float64") * scale
    left = cell[made.isna() & cell.notna()]
    if left.empty:
        return made.round(2)
    plain = left.str.replace("[￥¥,，元\\s]", "", regex=True)
    wan = plain.str.endswith("万")
    number = pd.to_numeric(plain.str.replace("万", ""), errors="coerce").astype("float64")
    number = number.where(~wan, number * 10_000).where(left != "无", 0.0)
    made.update(number)
    return made.round(2)


def number(cell: pd.Series) -> pd.Series:
    """Valid identity numbers of 18 places (15 lengthened), else NA; each text is read once."""
    codes, texts = pd.factorize(cell)
    known = pd.Series(texts, dtype="string")
    tidy = known.str.upper().map(lambda t: t.translate(str.maketrans(WIDE, NARROW)))
    tidy = tidy.astype("string").str.replace("[^0-9X]", "", regex=True)
    tidy = tidy.where(~known.str.contains("[.+]"))
    short = tidy.str.fullmatch("[1-9][0-9]{14}") & known.str.fullmatch("[0-9]{15}")
    long = tidy.str.slice(0, 6) + "19" + tidy.str.slice(6)
    long = long.where(short)
    long = long + _check(long)
    usable = tidy.str.fullmatch("[1-9][0-9]{16}[0-9X]") & ~tidy.str.endswith("000")
    full = tidy.where(usable)
    full = full.where(_check(full) == full.str.slice(17))
    born = pd.to_datetime(full.str.slice(6, 14), format="%Y%m%d", errors="coerce")
    full = full.where(born.notna())
    valid = full.fillna(long).array
    made: Any = pd.array(np.where(codes >= 0, valid.take(codes), None), dtype="string")
    return pd.Series(made, index=cell.index)


def _check(numbers: pd.Series) -> pd.Series:
    total = pd.Series(0, index=numbers.index, dtype="Int64")
    for place, weight in enumerate(WEIGHTS):
        digit = pd.to_numeric(numbers.str.slice(place, place + 1), errors="coerce")
        total = total + digit.astype("Int64") * weight
    return (total % 11).map(dict(enumerate("10X98765432"))).astype("string")
