"""Faults in writing: the columns of a person as a register wrote them.

Adds `<column>__written` beside the true columns and says which fault was made. Rates in errors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic import errors
from pipelines.synthetic.identity_numbers import CHECKS
from pipelines.synthetic.randomness import Array, stream

FULL_WIDTH = {chr(48 + i): chr(0xFF10 + i) for i in range(10)} | {"X": "Ｘ"}


@dataclass(frozen=True)
class Mentioned:
    """The columns by which a row names a person; suffix as in a record key."""

    suffix: str = ""
    uid: str = "uid"
    name: str | None = "name"
    number: str | None = "id_number"
    birth: str | None = None
    sex: str | None = None


def patch(values: pl.Series, at: Array, change: Callable[[pl.Series, Array], pl.Series]
          ) -> pl.Series:  # fmt: skip
    """The values with some of them changed; null stays null."""
    if not len(at):
        return values
    # scatter changes in place
    return values.clone().scatter(at, change(values.gather(at), at))


def soil(
    frame: pl.DataFrame, people: pl.DataFrame, seed: int, register: str, label: str,
    who: Mentioned, dirt: float = 1.0,
) -> pl.DataFrame:  # fmt: skip
    """Writes number, name, birth date and sex of one mention with the register's faults."""
    rng = stream(seed, "faults", label, who.suffix)
    suffix = f"__{who.suffix}" if who.suffix else ""
    size = frame.height
    uid = frame[who.uid].fill_null(-1).to_numpy()
    if who.number:
        written, fault = _numbers(rng, frame[who.number], uid, people, register, dirt)
        frame = frame.with_columns(
            written.alias(f"{who.number}__written"), fault.alias(f"number_fault{suffix}")
        )
    if who.name:
        written, fault = _names(rng, frame[who.name], register, dirt)
        frame = frame.with_columns(
            written.alias(f"{who.name}__written"), fault.alias(f"name_fault{suffix}")
        )
    if who.birth:
        shift = np.where(rng.random(size) < errors.BIRTH_DATE_WRONG * dirt,
                         rng.choice([-10, -1, 1, 10, 30, 365], size), 0)  # fmt: skip
        days = frame[who.birth].to_numpy().astype("datetime64[D]") + shift
        frame = frame.with_columns(pl.Series(f"{who.birth}__written", days))
    if who.sex:
        wrong = pl.Series(rng.random(size) < errors.SEX_WRONG * dirt)
        frame = frame.with_columns(
            pl.when(wrong).then(3 - pl.col(who.sex)).otherwise(who.sex).alias(f"{who.sex}__written")
        )
    return frame


def _numbers(
    rng: np.random.Generator, true: pl.Series, uid: Array, people: pl.DataFrame, register: str,
    dirt: float,
) -> tuple[pl.Series, pl.Series]:  # fmt: skip
    size = len(true)
    edges = np.cumsum(np.array(errors.NUMBER_RATES[register]) * dirt)
    kind = np.searchsorted(edges, rng.random(size), side="right")
    fault = np.array([*errors.NUMBER_FAULTS, ""], dtype="<U14")[kind]
    there = true.is_not_null().to_numpy()
    old = (true.str.slice(6, 2) == "19").fill_null(False).to_numpy()
    fault[(fault == "fifteen") & ~old] = ""
    ends_x = true.str.ends_with("X").fill_null(False).to_numpy()
    fault[(fault == "") & ends_x & (rng.random(size) < errors.LOWER_X * dirt)] = "lower_x"
    fault[(fault == "") & (rng.random(size) < errors.OTHER_DOCUMENT * dirt)] = "other"
    parents = _parents_numbers(true, uid, people)
    rate = errors.PARENTS_NUMBER.get(register, 0.0) * dirt
    has = parents.is_not_null().to_numpy()
    fault[(fault == "") & has & (rng.random(size) < rate)] = "parents_number"
    fault[~there] = ""
    written = true
    for name, change in _NUMBER_CHANGES.items():
        at = np.flatnonzero(fault == name)
        written = patch(written, at, lambda s, i, c=change: c(rng, s))  # type: ignore[misc]
    at = np.flatnonzero(fault == "parents_number")
    written = patch(written, at, lambda s, i: parents.gather(i))
    fault[~there] = "missing"
    return written, pl.Series(fault).replace("", None)


def _parents_numbers(true: pl.Series, uid: Array, people: pl.DataFrame) -> pl.Series:
    """A parent's number for children, else null."""
    known = np.maximum(uid, 0)
    mother = people["mother_uid"].to_numpy()[known]
    father = people["father_uid"].to_numpy()[known]
    parent = np.where(mother >= 0, mother, father)
    newest = int(people["birth_date"].dt.year().max() or 2026)  # type: ignore[arg-type]
    year = people["birth_date"].dt.year().to_numpy()[known]
    child = (uid >= 0) & (parent >= 0) & (year > newest - errors.PARENTS_NUMBER_AGE)
    numbers = people["id_number"].gather(np.maximum(parent, 0))
    return pl.select(pl.when(pl.Series(child)).then(numbers)).to_series()


def _missing(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    words = pl.Series([None, None, None, "", "无", "不详"], dtype=pl.String)
    return words[rng.integers(0, len(words), len(s))]


def _wrong_digit(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    place = pl.Series("place", rng.integers(6, 17, len(s)))
    add = pl.Series("add", rng.integers(1, 10, len(s)))
    frame = pl.DataFrame({"s": s, "place": place, "add": add})
    digit = pl.col("s").str.slice(pl.col("place"), 1).cast(pl.Int64)
    other = ((digit + pl.col("add")) % 10).cast(pl.String)
    return frame.select(
        pl.col("s").str.head(pl.col("place")) + other + pl.col("s").str.slice(pl.col("place") + 1)
    ).to_series()


def _wrong_check(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    order = {mark: i for i, mark in enumerate(CHECKS)}
    place = s.str.slice(17, 1).replace_strict(order, return_dtype=pl.Int64).to_numpy()
    other = CHECKS[(place + rng.integers(1, 11, len(s))) % 11]
    return s.str.head(17) + pl.Series(other)


def _swapped(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    """Two neighbours changed; where they are equal the next pair is tried, last the first pair."""
    text = s.to_list()
    out = []
    for number, start in zip(text, rng.integers(6, 16, len(s)), strict=True):
        places = [*range(start, 16), *range(6, start)]
        place = next((p for p in places if number[p] != number[p + 1]), 6)
        out.append(number[:place] + number[place + 1] + number[place] + number[place + 2 :])
    return pl.Series(out, dtype=pl.String)


def _spaced(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    forms = rng.integers(0, 3, len(s))
    inside = s.str.slice(0, 6) + " " + s.str.slice(6, 8) + " " + s.str.slice(14)
    return pl.select(
        pl.when(pl.Series(forms == 0)).then(" " + s).when(pl.Series(forms == 1)).then(s + "  ")
        .otherwise(inside)
    ).to_series()  # fmt: skip


def _hidden(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    marks = pl.Series(["\u00a0", "\u200b", "\ufeff", "\u200d"])[rng.integers(0, 4, len(s))]
    return pl.select(pl.when(pl.Series(rng.random(len(s)) < 0.5)).then(marks + s)
                     .otherwise(s.str.head(10) + marks + s.str.slice(10))).to_series()  # fmt: skip


def _passport(rng: np.random.Generator, s: pl.Series) -> pl.Series:
    return "E" + pl.Series(rng.integers(10_000_000, 99_999_999, len(s))).cast(pl.String)


_NUMBER_CHANGES: dict[str, Callable[[np.random.Generator, pl.Series], pl.Series]] = {
    "missing": _missing,
    "wrong_digit": _wrong_digit,
    "wrong_check": _wrong_check,
    "swapped": _swapped,
    "fifteen": lambda rng, s: s.str.head(6) + s.str.slice(8, 9),
    "full_width": lambda rng, s: s.str.replace_many(FULL_WIDTH),
    "spaced": _spaced,
    "hidden": _hidden,
    "apostrophe": lambda rng, s: "'" + s,
    "lower_x": lambda rng, s: s.str.to_lowercase(),
    "other": _passport,
}


def _names(rng: np.random.Generator, true: pl.Series, register: str, dirt: float
           ) -> tuple[pl.Series, pl.Series]:  # fmt: skip
    size = len(true)
    edges = np.cumsum(np.array(errors.NAME_RATES[register]) * dirt)
    kind = np.searchsorted(edges, rng.random(size), side="right")
    fault = np.array([*errors.NAME_FAULTS, ""], dtype="<U14")[kind]
    length = true.str.len_chars().fill_null(0).to_numpy()
    dotted = true.str.contains("·").fill_null(False).to_numpy()
    fault[(fault == "dropped") & (length < 3)] = ""
    fault[dotted & (rng.random(size) < errors.DOT_VARIANT * min(dirt, 2.0))] = "dot_variant"
    fault[length == 0] = ""
    written = true
    draw = rng.random(size)
    at = np.flatnonzero(fault == "spaced")
    written = patch(written, at, lambda s, i: _name_spaces(draw[i], s))
    at = np.flatnonzero(fault == "variant")
    written = patch(written, at, lambda s, i: s.str.replace_many(errors.VARIANTS))
    at = np.flatnonzero(fault == "homophone")
    written = patch(written, at, lambda s, i: s.str.replace_many(errors.HOMOPHONES))
    at = np.flatnonzero(fault == "dropped")
    written = patch(written, at, lambda s, i: s.str.head(1) + s.str.slice(2))
    for place, dot in enumerate(errors.DOTS):
        mine = (fault == "dot_variant") & ((draw * len(errors.DOTS)).astype(int) == place)
        at = np.flatnonzero(mine)
        written = patch(written, at, lambda s, i, d=dot: s.str.replace_all("·", d))  # type: ignore[misc]
    same = (written == true).fill_null(True).to_numpy()
    fault[same] = ""
    return written, pl.Series(fault).replace("", None)


def _name_spaces(draw: Array, s: pl.Series) -> pl.Series:
    inside = s.str.head(1) + "\u3000" + s.str.slice(1)
    spaced = s.str.head(1) + " " + s.str.slice(1)
    return pl.select(
        pl.when(pl.Series(draw < 0.35)).then(spaced).when(pl.Series(draw < 0.6)).then(inside)
        .when(pl.Series(draw < 0.8)).then(s + " ").otherwise("\u00a0" + s)
    ).to_series()  # fmt: skip


def rounded(values: pl.Series, scientific: bool) -> pl.Series:
    """Numbers as a spreadsheet leaves them: 3.71102E+17, or the last three digits 000."""
    plain = values.str.contains(r"^[0-9]{17}[0-9X]$").fill_null(False)
    # a number that ends in X is text for a spreadsheet too
    plain = plain & ~values.str.ends_with("X").fill_null(False)
    if scientific:
        short = values.str.head(1) + "." + values.str.slice(1, 5) + "E+17"
    else:
        short = values.str.head(15) + "000"
    return pl.select(pl.when(plain).then(short).otherwise(values)).to_series()
