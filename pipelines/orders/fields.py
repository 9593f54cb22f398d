"""The fields that a sheet can show: their heading, their width in characters, and their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Row = Mapping[str, Any]
Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Field:
    """One column of a sheet; ``text`` gets the row and the words of schemas/orders/words.yaml."""

    heading: str
    width: float
    text: Callable[[Row, Words], str]
    centred: bool = False


def _plain(column: str) -> Callable[[Row, Words], str]:
    return lambda row, _: str(row[column] or "")


def _day(column: str) -> Callable[[Row, Words], str]:
    return lambda row, _: row[column].isoformat() if row[column] else ""


def _word(column: str) -> Callable[[Row, Words], str]:
    return lambda row, words: words[column].get(row[column], row[column] or "")


def masked_name(name: str | None) -> str:
    """Only the first character stands, as 张**."""
    return f"{name[0]}{'*' * (len(name) - 1)}" if name else ""


def masked_number(number: str | None) -> str:
    """The last four characters of an identity number, enough to tell two people apart."""
    return f"…{number[-4:]}" if number else ""


def who(row: Row, _: Words) -> str:
    """Name, last digits of the number and phone, one below the other."""
    lines = (row["name"], masked_number(row["id_number"]), row["phone"])
    return "\n".join(str(line) for line in lines if line)


def where(row: Row, _: Words) -> str:
    """Village and address, one below the other."""
    return "\n".join(str(line) for line in (row["village_name"], row["address"]) if line)


def kind(row: Row, words: Words) -> str:
    """Colour and list, one below the other."""
    return f"{_word('level')(row, words)}\n{_word('list')(row, words)}"


def household(row: Row, _: Words) -> str:
    """How many live there, and who of them needs care."""
    parts = [f"共{row['size']}人" if row["size"] else "人数不详"]
    named = (("minors", "未成年"), ("elders", "老人"), ("disabled_members", "残疾"),
             ("severe_members", "重病"))  # fmt: skip
    parts += [f"{word}{row[column]}" for column, word in named if row[column]]
    return "\n".join(parts)


def given(row: Row, _: Words) -> str:
    """What help there has been in twelve months."""
    return "；".join(row["given"] or ()) or "近12个月无记录"


def suggest(row: Row, _: Words) -> str:
    return "、".join(row["suggest"] or ())


def reason(row: Row, words: Words) -> str:
    """Why the household should be seen; a confirmed one is asked about its help."""
    told = str(row["reason_zh"] or "")
    if row["kind"] == "follow_up":
        mark = words["kind"]["follow_up"]
        return f"【{mark}】{row['confirmed_on'] or ''} 核查属实，请反馈落实情况。{told}"
    return told


def due(row: Row, _: Words) -> str:
    """Until when; rows given on an earlier night say so."""
    as_of: date = row["as_of"]
    if row["due_on"] < as_of:
        return f"{row['due_on']}\n超期{(as_of - row['due_on']).days}天"
    mark = "\n续办" if row["first_ordered_on"] < as_of else ""
    return f"{row['due_on']}{mark}"


FIELDS: dict[str, Field] = {
    "sequence": Field("序号", 4.5, lambda row, _: str(row["sequence"]), centred=True),
    "kind": Field("等级与类型", 9, kind, centred=True),
    "who": Field("姓名、证件\n尾号、电话", 13, who, centred=True),
    "where": Field("村（社区）与住址", 15, where),
    "level": Field("等级", 4.5, _word("level"), centred=True),
    "list": Field("线索类型", 8, _word("list"), centred=True),
    "township": Field("乡镇（街道）", 11, _plain("township_name")),
    "village": Field("村（社区）", 10, _plain("village_name")),
    "name": Field("姓名", 8, _plain("name"), centred=True),
    "masked_name": Field("姓名", 8, lambda row, _: masked_name(row["name"]), centred=True),
    "masked_number": Field("证件尾号", 7, lambda row, _: masked_number(row["id_number"]),
                           centred=True),
    "phone": Field("联系电话", 12, _plain("phone"), centred=True),
    "address": Field("住址", 17, _plain("address")),
    "household": Field("家庭情况", 8.5, household),
    "reason": Field("为什么要去看（疑似，非结论）", 38, reason),
    "given": Field("近12个月已享受", 14, given),
    "suggest": Field("可考虑的救助", 10, suggest),
    "first_ordered": Field("首次派单", 10, _day("first_ordered_on"), centred=True),
    "due": Field("完成期限", 11, due, centred=True),
}  # fmt: skip
