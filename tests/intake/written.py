"""Values of every kind with the ways in which people and programs write them (interface 1.3).

``Kind.pair`` draws a value as it must land and a text that says it. What a file makes of the text
is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.standard_values.samples import column, contract, with_check_digit

HIDDEN = ("\u200b", "\u00a0", "\u3000", " ", "\ufeff")
HAN = "李王张欧阳娜娜建国翠花㐀䶮𠮷古丽"
DIFFICULTIES = ("疾病", "残疾", "住房", "失业")
Pair = st.SearchStrategy[tuple[Any, str | None]]


def wide(text: str) -> str:
    """In full-width characters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _one_of(value: Any, *texts: str) -> st.SearchStrategy[tuple[Any, str]]:
    return st.tuples(st.just(value), st.sampled_from(texts))


def _edged(pair: tuple[Any, str]) -> st.SearchStrategy[tuple[Any, str]]:
    """Now and then with a space or something hidden around it."""
    value, text = pair
    edges = st.sampled_from(("", "", "", *HIDDEN))
    return st.tuples(edges, edges).map(lambda e: (value, f"{e[0]}{text}{e[1]}"))


def key() -> Pair:
    made = st.from_regex(r"[A-Z]{1,3}[0-9]{3,12}", fullmatch=True)
    return made.flatmap(lambda k: _one_of(k, k, k, f"'{k}", wide(k), f" {k}", f"{k}\u00a0"))


def identity_number() -> Pair:
    """Of an area that no region has."""
    day = st.dates(date(1930, 1, 1), date(2025, 12, 31))

    def written(drawn: tuple[date, int]) -> st.SearchStrategy[tuple[str, str]]:
        born, serial = drawn
        number = with_check_digit(f"990000{born:%Y%m%d}{serial:03}")
        spaced = f"{number[:6]} {number[6:14]}\u00a0{number[14:]}"
        texts = [number, number.lower(), wide(number), f"'{number}", spaced, f"\u200b{number} "]
        if born.year < 2000:
            texts.append(number[:6] + number[8:17])
        return _one_of(number, *texts)

    return st.tuples(day, st.integers(1, 999)).flatmap(written)


def person_name() -> Pair:
    def written(name: str) -> st.SearchStrategy[tuple[str, str]]:
        if "·" in name:
            return _one_of(name, name, *(name.replace("·", dot) for dot in ("•", "・", ".", " · ")))
        return _one_of(name, name, " ".join(name), f"　{name}", f"{name}\u200b")

    plain = st.text(HAN, min_size=2, max_size=4)
    return st.one_of(plain, st.tuples(plain, plain).map("·".join)).flatmap(written)


def sex() -> Pair:
    return st.one_of(
        _one_of("1", "1", "男", "男性", "1.0", "M"), _one_of("2", "2", "女", "女性", "２")
    )


def code() -> Pair:
    return st.sampled_from(DIFFICULTIES).flatmap(lambda c: _one_of(c, c, f" {c}", f"{c}\u3000"))


def region() -> Pair:
    made = st.from_regex(r"99[0-9]{4}[1-9]{3}[1-9]{3}", fullmatch=True)

    def written(digits: str) -> st.SearchStrategy[tuple[str, str]]:
        place = st.sampled_from((6, 9, 12))
        return place.flatmap(lambda n: _one_of(
            digits[:n].ljust(12, "0"), digits[:n], digits[:n].ljust(12, "0"), wide(digits[:n]),
            f"{digits[:n]}.0",
        ))  # fmt: skip

    return made.flatmap(written)


def phone() -> Pair:
    made = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
    return made.flatmap(
        lambda p: _one_of(p, p, f"+86 {p}", f"{p[:3]}-{p[3:7]}-{p[7:]}", wide(p), f"{p}.0")
    )


def codes() -> Pair:
    some = st.lists(st.sampled_from(DIFFICULTIES), min_size=1, max_size=3, unique=True)
    marks = st.sampled_from(("、", ",", ";", "，", " 、"))
    return st.tuples(some, marks).map(lambda drawn: (drawn[0], drawn[1].join(drawn[0])))


def day() -> Pair:
    def written(on: date) -> st.SearchStrategy[tuple[date, str]]:
        loose = f"{on.year}/{on.month}/{on.day}"
        serial = str((on - date(1899, 12, 30)).days)
        return _one_of(
            on, on.isoformat(), f"{on:%Y%m%d}", loose, loose.replace("/", "."),
            f"{on.year}年{on.month}月{on.day}日", f"{on} 00:00:00", f"{on}T08:30:00", serial,
            wide(on.isoformat()),
        )  # fmt: skip

    return st.dates(date(1920, 1, 1), date(2090, 12, 31)).flatmap(written)


def month() -> Pair:
    def written(on: date) -> st.SearchStrategy[tuple[date, str]]:
        first = on.replace(day=1)
        return _one_of(
            first, f"{on:%Y%m}", f"{on:%Y-%m}", f"{on.year}年{on.month}月", on.isoformat(),
            f"{on.year}/{on.month}",
        )  # fmt: skip

    return st.dates(date(1990, 1, 1), date(2090, 12, 31)).flatmap(written)


def timestamp() -> Pair:
    moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 12, 31))

    def written(at: datetime) -> st.SearchStrategy[tuple[datetime, str]]:
        at = at.replace(microsecond=0)
        return _one_of(
            at, f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y%m%d%H%M%S}", f"{at:%Y/%m/%d %H:%M:%S}",
            f"{at:%Y-%m-%dT%H:%M:%S}", f"{at - timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}",
        )  # fmt: skip

    return moments.flatmap(written)


def money() -> Pair:
    amounts = st.integers(-(10**9), 10**9).map(lambda fen: Decimal(fen) / 100)

    def written(yuan: Decimal) -> st.SearchStrategy[tuple[Decimal, str]]:
        yuan = yuan.quantize(Decimal("0.01"))
        texts = [
            f"{yuan}",
            f"{yuan:,}",
            f"￥{yuan}",
            f"{yuan}元",
            wide(f"{yuan}"),
            f"{yuan / 10000}万",
        ]
        return _one_of(yuan, *texts, *([f"({-yuan})"] if yuan < 0 else []))

    return st.one_of(amounts.flatmap(written), _one_of(Decimal("0.00"), "无", "0", "零"))


def count() -> Pair:
    return st.integers(0, 10**6).flatmap(lambda n: _one_of(n, f"{n}", f"{n}.0", f"{n:,}", f"{n}人"))


def boolean() -> Pair:
    return st.one_of(_one_of(True, "是", "1", "有", "Y"), _one_of(False, "否", "0", "没有", "n"))


def text() -> Pair:
    """Anything a person may write into a note, line ends and marks of CSV included."""
    letters = st.sampled_from("病重，,\t\"'；abcX09 \n。|")
    made = st.text(letters, min_size=1, max_size=12).filter(lambda t: t.strip(" \t\n"))
    return made.map(lambda t: ("".join(" " if c in "\t\n" else c for c in t).strip(), t)).filter(
        lambda pair: any(c not in "|,，；。\"' " for c in pair[0])
    )


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is drawn, and whether a column of it may be empty."""

    name: str
    pair: Callable[[], Pair]
    codes: str | None = None

    def column(self) -> Pair:
        """A value and its text, with something around it or missing now and then."""
        empty = st.sampled_from([(None, ""), (None, None), (None, "  ")])
        return st.one_of(self.pair().flatmap(_edged), self.pair(), self.pair(), empty)


KINDS = (
    Kind("text", text), Kind("identity_number", identity_number), Kind("person_name", person_name),
    Kind("sex", sex), Kind("code", code, "difficulty"), Kind("region", region),
    Kind("phone", phone), Kind("codes", codes, "difficulty"), Kind("date", day),
    Kind("month", month), Kind("timestamp", timestamp), Kind("money", money),
    Kind("count", count), Kind("boolean", boolean),
)  # fmt: skip

THING = contract(
    column("key", "key", required=True, key=1),
    *(column(kind.name, kind.name, codes=kind.codes) for kind in KINDS),
)
