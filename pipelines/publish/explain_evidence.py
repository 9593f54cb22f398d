"""The rows of the extracts on a terminal: by kind, many alike summed up, each with its file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from pipelines.publish.explain_rows import EvidenceRow
from pipelines.publish.explain_words import plain_table

KINDS = {
    "settlement": "医保结算，近12个月 / settlements of 12 months",
    "medical_aid": "医疗救助发放 / medical aid paid later",
    "school_charge": "学校收费，近12个月 / school charges of 12 months",
    "help": "已有救助与服务，近12个月 / help already given in 12 months",
    "income": "经济状况核对 / income checks",
    "certificate": "救助证与监测名单 / certificates and roster",
    "condition": "疾病、残疾、劳动能力、生存状态 / illness, disability, ability to work",
    "care": "学籍登记的监护人 / guardians on the roll",
    "death": "死亡记录 / deaths",
    "field_report": "基层线索，近90天 / field reports of 90 days",
    "visit": "核查结果 / visits",
}
SUMMED = {
    "settlement": "个人负担 burden",
    "medical_aid": "扣减 deducted",
    "school_charge": "缴费 paid",
    "help": "金额 amount",
    "income": "年收入 a year",
}


def evidence_parts(
    rows: Sequence[EvidenceRow], called: dict[str, str], *, limit: int | None
) -> list[RenderableType]:
    """The extract rows by kind, each with its file and row; many alike rows are summed up, with
    the rows that they are. Files stand once, beneath."""
    files = {name: f"F{n}" for n, name in enumerate(sorted({r.file_name for r in rows}), 1)}
    parts: list[RenderableType] = []
    for kind, title in KINDS.items():
        of_kind = [row for row in rows if row.kind == kind]
        if not of_kind:
            continue
        money = kind in SUMMED
        amount = [SUMMED[kind]] if money else []
        table = plain_table(
            title, "日期 day", "人 person", "内容 what", *amount, "说明 note", "文件:行 file:row",
            right=(3,) if money else (),
        )  # fmt: skip
        for group in _grouped(of_kind, limit):
            table.add_row(*_shown(group, called, files, money=money),
                          style="" if group[0].counts else "dim")  # fmt: skip
        parts.append(table)
        if money:
            parts.append(Text(_sum(kind, of_kind)))
    if files:
        listed = "\n".join(f"  {short} = {name}" for name, short in files.items())
        parts.append(
            Text(f"文件 · Files in the landing folder (行 row: beneath the header)\n{listed}\n")
        )
    return parts


def _grouped(rows: Sequence[EvidenceRow], limit: int | None) -> list[list[EvidenceRow]]:
    """Rows by themselves, or alike ones together where there are more than ``limit``."""
    if limit is None or len(rows) <= limit:
        return [[row] for row in rows]
    alike: dict[Any, list[EvidenceRow]] = {}
    for row in rows:
        key = (row.person_id, row.what, row.counts, row.note, row.file_name, row.about)
        alike.setdefault(key, []).append(row)
    return list(alike.values())


def _shown(
    group: list[EvidenceRow], called: dict[str, str], files: dict[str, str], *, money: bool
) -> list[str]:
    first = group[0]
    days = sorted({str(row.on) for row in group if row.on})
    day = days[0] if len(days) == 1 else f"{days[0]}\n–{days[-1]}" if days else "—"
    what = first.what if len(group) == 1 else f"{first.what} × {len(group)}"
    if len(group) == 1 and first.detail:
        what += f" · {first.detail}"
    if first.about:
        what += f" · {called.get(first.about, '—')}"
    scopes = [row.in_scope for row in group if row.in_scope is not None]
    if scopes and first.counts:
        what += f" · 范围内 in scope {sum(scopes):,.2f}"
    amounts = [row.amount for row in group if row.amount is not None]
    amount = f"{sum(amounts):,.2f}" if amounts else "未知 ?"
    place = f"{files[first.file_name]}:{ranges([row.row_number for row in group])}"
    who = called.get(first.person_id, "—") if first.person_id else "户 household"
    return [day, who, what, *([amount] if money else []), first.note, place]


def ranges(numbers: Sequence[int]) -> str:
    """Row numbers as people write them: 1–3, 7."""
    runs: list[list[int]] = []
    for number_ in sorted(numbers):
        if runs and number_ == runs[-1][1] + 1:
            runs[-1][1] = number_
        else:
            runs.append([number_, number_])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def _sum(kind: str, rows: Sequence[EvidenceRow]) -> str:
    counted = [row for row in rows if row.counts]
    total = sum((row.amount or Decimal(0) for row in counted), Decimal(0))
    unknown = sum(1 for row in counted if row.amount is None)
    more = f" · 金额未知 amount unknown {unknown}" if unknown else ""
    scope = [row.in_scope for row in counted if row.in_scope is not None]
    if kind == "settlement" and scope:
        more += f" · 范围内 in scope {sum(scope):,.2f}"
    return (
        f"  计入 {len(counted)} 行，共 {len(rows)} 行 / {len(counted)} of {len(rows)} rows count"
        f" · 合计 sum {total:,.2f}{more}\n"
    )
