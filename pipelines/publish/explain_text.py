"""An explanation as text for a terminal, in Chinese and English; names masked unless asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipelines.publish.explain import Explanation, FiredRule

NOTE = (
    "疑似线索，不是认定结论，由工作人员入户核实。 / A lead, never a decision: a person verifies it."
)
METHODS = {
    "register_key": "部门自有编号 / the department's own number",
    "id_exact": "证件号码一致 / same valid identity number",
    "id_repaired": "证件号码修复后一致 / same identity number once repaired",
    "probable": "姓名、出生日期、住址等相符 / name, birth, place agree",
    "clerical": "人工判定 / a person judged so",
    "single": "未见其他记录 / no other record found",
}
KINDS = {
    "settlement": "医保结算，近12个月 / settlements of 12 months",
    "medical_aid": "医疗救助发放 / medical aid paid later",
    "income": "经济状况核对 / income checks",
    "field_report": "基层线索 / field reports of 90 days",
}
FIGURES = (
    ("size", "家庭人口 / living members"),
    ("annual_income", "家庭年收入 / annual income"),
    ("medical_burden_12m", "近12个月个人负担医疗费 / medical burden"),
    ("education_cost_12m", "近12个月教育支出 / education cost"),
    ("rigid_cost_12m", "刚性支出 / rigid cost"),
    ("rigid_ratio", "刚性支出占收入比 / rigid cost over income"),
    ("expense_income_ratio", "医疗教育支出占收入比 / expenses over income"),
    ("severe_members", "重大慢特病 / severely ill members"),
    ("disabled_members", "残疾 / disabled members"),
    ("minors", "未成年人 / minors"),
    ("minors_without_parent", "父母均不在的未成年人 / minors without a parent"),
    ("able_members", "有劳动能力 / able members"),
)


def masked(name: str | None, *, show: bool) -> str:
    """A name, or its first character and a star."""
    if not name:
        return "—"
    return name if show else f"{name[0]}*"


def certainty(probability: float | None) -> str:
    """A probability in words."""
    if probability is None:
        return "未知 / unknown"
    for bound, words in (
        (0.999, "几乎确定 / practically certain"),
        (0.99, "很可能 / very likely"),
        (0.95, "较可能 / likely"),
    ):
        if probability >= bound:
            return f"{words} ({probability:.3f})"
    return f"不确定，走访前请核实 / uncertain, verify before a visit ({probability:.3f})"


def rendered(explained: Explanation, *, names: bool, rows: int | None) -> RenderableType:
    parts: list[RenderableType] = [_case(explained), *_rules(explained)]
    parts += [_household(explained, names), _identity(explained, names)]
    parts += _evidence(explained, names, rows)
    parts.append(Text(NOTE, style="italic"))
    return Group(*parts)


def _case(explained: Explanation) -> RenderableType:
    case = explained.case
    lines = [
        f"{case['list']} · {case['level']} · {case['status']} · "
        f"{case['first_flagged_on']} → {case['last_flagged_on']}",
        f"户 household {case['household_id']} · 人 person {case['person_id'] or '—'} · "
        f"区划 region {case['region_code']} · 类别 tier {case['tier']}",
        "",
        str(case["reason_zh"]),
        str(case["reason_en"]),
        "",
        f"建议 suggest: {'、'.join(case['suggest'] or ()) or '—'} · "
        f"身份可信度 identity: {certainty(case['identity_confidence'])}",
    ]
    lines += [
        f"{event['occurred_on']} {event['event']}" + (f" · {event['detail']}" if event["detail"]
                                                      else "")
        for event in explained.events
    ]  # fmt: skip
    return Panel(
        Text("\n".join(lines)), title=f"{case['case_id']} · {explained.as_of}", title_align="left"
    )


def _table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i in right else "left", overflow="fold")
    return table


def _rules(explained: Explanation) -> list[RenderableType]:
    return [part for fired in explained.rules for part in _rule(fired)]


def _rule(fired: FiredRule) -> list[RenderableType]:
    rule, alert = fired.rule, fired.alert
    lines = [f"{rule['title_zh']} / {rule['title_en']}"]
    if rule.get("condition"):
        lines.append(f"条件 when: {rule['condition']}")
    if rule.get("source"):
        lines.append(f"依据 source: {rule['source']}")
    if alert is None:
        lines.append("今夜未命中 / did not fire tonight")
    else:
        line = "" if alert["threshold"] is None else f" · 界线 line {alert['threshold']:g}"
        measure = "—" if alert["measure"] is None else f"{alert['measure']:,.3f}"
        lines += [
            f"指标 measure {measure}{line} · {alert['level']}",
            str(alert["reason_zh"]), str(alert["reason_en"]),
        ]  # fmt: skip
    for value in fired.values:
        number = "—" if value.value is None else f"{value.value:,.2f}"
        assumed = " · 假定值 an assumption" if value.assumption else ""
        lines.append(
            f"政策值 {value.title_zh} / {value.title_en}: {number} {value.unit or ''} "
            f"({value.valid_from} 起 from; {value.source or '—'}){assumed}"
        )
    return [Panel(Text("\n".join(lines)), title=f"规则 rule {rule['rule_id']}", title_align="left")]


def _household(explained: Explanation, names: bool) -> RenderableType:
    evidence = (explained.household or {}).get("composition_evidence") or "—"
    table = _table(
        f"家庭 · Household (依据 rests on: {evidence})",
        "人 person", "姓名 name", "关系 relation", "年龄 age", "类别 tier", "情况 notes",
        "负担 burden", right=(3, 6),
    )  # fmt: skip
    for member in explained.members:
        notes = [
            "" if member["alive"] else "已故 dead",
            "重大慢特病 severely ill" if member["severe_chronic"] else "",
            f"残疾 disability {member['disability_level']}" if member["disability_level"] else "",
        ]
        table.add_row(
            member["person_id"], masked(explained.names.get(member["person_id"]), show=names),
            member["relation"] or "—", _number(member["age"]), member["tier"] or "—",
            ", ".join(filter(None, notes)), _number(member["burden_all_12m"]),
        )  # fmt: skip
    if explained.household is None:
        return table
    figures = _table("数字 · Figures", "", "", right=(1,))
    figures.show_header = False
    for column, label in FIGURES:
        figures.add_row(label, _number(explained.household.get(column)))
    return Group(table, figures)


def _identity(explained: Explanation, names: bool) -> RenderableType:
    """One line per person, dataset and method; the records themselves only with names."""
    table = _table(
        "身份依据 · How each person was recognised",
        "姓名 name", "来源 source", "记录数 rows", "方式 how", "把握 how sure",
        *(["记录 records"] if names else []), right=(2,),
    )  # fmt: skip
    grouped: dict[tuple[str, str, str], list[Any]] = {}
    for link in explained.links:
        key = (link["person_id"], f"{link['source']}/{link['dataset']}", link["method"])
        grouped.setdefault(key, []).append(link)
    for (person, source, method), links in grouped.items():
        keys = [link["record_key"] for link in links]
        shown = ", ".join(keys[:3]) + (" …" if len(keys) > 3 else "")
        table.add_row(
            masked(explained.names.get(person), show=names), source, str(len(links)),
            METHODS.get(method, method), certainty(min(link["probability"] for link in links)),
            *([shown] if names else []),
        )  # fmt: skip
    return table


def _evidence(explained: Explanation, names: bool, limit: int | None) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for kind, title in KINDS.items():
        rows = [row for row in explained.evidence if row.kind == kind]
        if not rows:
            continue
        table = _table(title, "日期 day", "人 person", "内容 what", "金额 amount", "说明 note",
                       "文件 file", "行 row", right=(3, 6))  # fmt: skip
        for row in rows[:limit]:
            table.add_row(
                row.on.isoformat(), masked(explained.names.get(row.person_id), show=names),
                row.what, _number(row.amount), row.note, row.file_name, str(row.row_number),
                style="" if row.counts else "dim",
            )  # fmt: skip
        parts.append(table)
        counted = [row for row in rows if row.counts]
        total = sum((row.amount or Decimal(0) for row in counted), Decimal(0))
        hidden = len(rows) - len(rows[:limit])
        more = f" · 另有 {hidden} 行未列出 / {hidden} more rows not listed" if hidden else ""
        sums = f" · 合计 sum {total:,.2f}" if kind in ("settlement", "medical_aid") else ""
        parts.append(Text(
            f"  计入 {len(counted)} 行，共 {len(rows)} 行 / "
            f"{len(counted)} of {len(rows)} rows count{sums}{more}\n"
        ))  # fmt: skip
    return parts


def _number(value: Any) -> str:
    if value is None:
        return "未知 ?"
    if isinstance(value, (float, Decimal)):
        return f"{value:,.2f}"
    return str(value)
