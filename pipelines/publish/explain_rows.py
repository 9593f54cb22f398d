"""The extract rows behind a household's numbers: file, row, amount, and why one does not count.

What each kind of row is asked by stands in ``evidence/<kind>.sql``; how it looks on a terminal in
``explain_text``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.codes import load_codes
from pipelines.engine.sql import parameters, read_sql, tables_read
from pipelines.hardship.registry import windows
from pipelines.lake.night import Night

HERE = Path(__file__).resolve().parent / "evidence"
#: kinds of rows in the order shown
KINDS = (
    "settlement", "medical_aid", "school_charge", "help", "income", "certificate", "condition",
    "care", "death", "field_report", "visit",
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True)
class EvidenceRow:
    """One row of a department's file; ``amount`` is what counts of it, CNY.

    ``in_scope`` is, of a settlement, what of it lies within the insurance's scope. ``about`` names
    another person whom the row is about (a guardian).
    """

    kind: str
    person_id: str | None
    on: date | None
    what: str
    amount: Decimal | None
    counts: bool
    note: str
    file_name: str
    row_number: int
    detail: str = ""
    in_scope: Decimal | None = None
    about: str | None = None


def evidence(
    night: Night, people: Sequence[str], household: str | None = None, case_id: str | None = None
) -> Iterator[EvidenceRow]:
    """Rows about ``people`` and their household, newest first within a kind."""
    files = {
        receipt.delivery_id: receipt.shown_path
        for receipt in night.receipts
        if receipt.status == "landed"
    }
    given = {"people": list(people), "household": household, "case_id": case_id}
    given |= windows(night.as_of)
    for kind in KINDS:
        sql = read_sql(HERE / f"{kind}.sql")
        asks_for_nobody = any(given.get(name, "") is None for name in parameters(sql))
        if asks_for_nobody or not all(night.exists(table) for table in tables_read(sql)):
            continue  # a night of an older version may not have such rows
        rows = [row for row in night.query(sql, given).to_dicts() if not row.get("superseded")]
        found = {_row(kind, row, files) for row in rows}
        yield from sorted(found, key=_newest, reverse=True)


def _newest(row: EvidenceRow) -> tuple[date, str, int, str]:
    return row.on or date.min, row.file_name, row.row_number, row.what


def _row(kind: str, row: Row, files: dict[str, str]) -> EvidenceRow:
    name = files.get(row["delivery_id"], f"{row['source']}/{row['dataset']}")
    said = _SAID[kind](row)
    return EvidenceRow(
        kind=kind, person_id=row["person_id"], on=row["on_day"], file_name=name,
        row_number=row["row_number"], **said,
    )  # fmt: skip


def _plain(what: str, amount: Decimal | None = None, note: str = "", **more: Any) -> Row:
    return {"what": what, "amount": amount, "counts": True, "note": note, **more}


def _settlement(row: Row) -> Row:
    counts, note = _refund(row)
    if row["redirected"]:
        own = "自带证件号改归本人 / linked by its own number"
        note = "; ".join(filter(None, [note, own]))
    scope = (
        None if row["in_scope_cost"] is None or row["fund_total"] is None
        else row["in_scope_cost"] - row["fund_total"]
    )  # fmt: skip
    return {
        "what": _care(row["care_type"]), "amount": row["personal_burden"], "counts": counts,
        "note": note, "detail": f"总费用 cost {_money(row['total_cost'])}", "in_scope": scope,
    }  # fmt: skip


def _care(code: str | None) -> str:
    """A kind of care in words: its own, or those of the code that it belongs to."""
    if not code:
        return "类别未知 / kind unknown"
    for length in range(len(code), 1, -1):
        if (word := _words("care_type").get(code[:length])) is not None:
            return f"{word} ({code})"
    return code


@cache
def _words(name: str) -> dict[str, str]:
    """Chinese words by code; a pattern by what stands before its star."""
    listed = load_codes().get(name)
    return {one.code.rstrip("*"): one.zh for one in listed.values} if listed else {}


def _refund(row: Row) -> tuple[bool, str]:
    if row["negative"] and row["paired"]:
        return False, "退费 / refund, cancels another row"
    if row["paired"]:
        return False, "已退费 / cancelled by a refund"
    if row["negative"]:
        return True, "退费未配对 / refund without a partner, counts"
    if row["refunded"] and (row["total_cost"] or 0) >= 0:
        return False, "退费标志 / marked as refunded, does not count"
    return True, ""


def _medical_aid(row: Row) -> Row:
    repeats = bool(row["repeats_settlement"])
    note = "结算内已计 / the same help as in a settlement" if repeats else ""
    return {"what": "医疗救助 / medical aid", "amount": row["amount"], "counts": not repeats,
            "note": note}  # fmt: skip


def _school_charge(row: Row) -> Row:
    return _plain(f"{row['charge_item'] or '收费'} / school charge", row["amount"])


def _help(row: Row) -> Row:
    note = "冲减教育支出 / taken off school costs" if row["kind"] == "student_aid" else ""
    item = " ".join(filter(None, [row["aid_type"], row["subtype"]])) or row["kind"]
    month = f"所属 for {row['benefit_month']:%Y-%m}" if row["benefit_month"] else ""
    detail = " · ".join(filter(None, [row["department"], month]))
    return _plain(str(item), row["amount"], note, detail=detail)


def _income(row: Row) -> Row:
    note = "" if row["counts"] else "不是现用核对 / not the check in use"
    return {"what": f"{row['income_type'] or '—'} / income", "amount": row["amount"],
            "counts": bool(row["counts"]), "note": note,
            "detail": row["provider"] or ""}  # fmt: skip


def _certificate(row: Row) -> Row:
    until = f"至 until {row['valid_to']}" if row["valid_to"] else "有效 in force"
    benefit = row["monthly_benefit"]
    detail = f"月保障 a month {_money(benefit)}" if benefit is not None else ""
    note = "申报收入即现用收入 / its declared income is the one in use" if row["is_income"] else ""
    return _plain(f"{row['tier'] or '—'} · {until}", row["annual_income"], note, detail=detail)


def _condition(row: Row) -> Row:
    value = str(row["value"])
    words = {
        "chronic_code": ("慢特病登记", "chronic registration", _words("chronic_disease")),
        "disability_level": ("残疾等级", "disability grade", {}),
        "disease": ("患病", "illness", {}),
        "labour_ability": ("劳动能力", "ability to work", {}),
        "survival_status": ("生存状态", "survival status", _words("survival_status")),
        "is_orphan": ("登记孤儿", "registered orphan", {"true": "是"}),
    }
    zh, en, known = words[row["attribute"]]
    prefix = max((code for code in known if value.startswith(code)), key=len, default=None)
    return _plain(f"{zh} {known[prefix] if prefix else ''} {value}".replace("  ", " "), detail=en)


def _care_of(row: Row) -> Row:
    if row["guardian_id"] is None:
        state = "无法识别 / not recognised"
    elif row["died_on"]:
        state = f"已故 dead {row['died_on']}"
    elif row["alive"] is False:
        state = "已故 dead"
    elif row["present"] is False:
        state = "失踪或服刑 / missing or imprisoned"
    else:
        state = "同住 lives here" if row["lives_here"] else "在世，未同住 / alive, lives elsewhere"
    note = "" if row["is_current"] else "已不在册 / not on the roll any more"
    return _plain(f"监护人 guardian {row['relation'] or '—'}: {state}", note=note,
                  about=row["guardian_id"])  # fmt: skip


def _death(row: Row) -> Row:
    kind = {"death_record": "死亡登记 / death record",
            "survival_status": "参保生存状态 / survival status"}  # fmt: skip
    note = "存疑，待核 / doubtful, moves nobody" if row["doubtful"] else ""
    return _plain(str(kind.get(row["kind"], row["kind"])), note=note)


def _field_report(row: Row) -> Row:
    return _plain("基层线索 / field report")


def _visit(row: Row) -> Row:
    reason = "有原因说明 / with a reason" if row["has_reason"] else "无原因说明 / no reason given"
    aid = "、".join(row["aid_types"] or ())
    return _plain(f"{row['result'] or '—'} / visit", note=reason,
                  detail=" · ".join(filter(None, [row["checker_role"], aid])))  # fmt: skip


_SAID: dict[str, Callable[[Row], Row]] = {
    "settlement": _settlement, "medical_aid": _medical_aid, "school_charge": _school_charge,
    "help": _help, "income": _income, "certificate": _certificate, "condition": _condition,
    "care": _care_of, "death": _death, "field_report": _field_report, "visit": _visit,
}  # fmt: skip


def _money(value: Decimal | None) -> str:
    return "未知" if value is None else f"{value:,.2f}"
