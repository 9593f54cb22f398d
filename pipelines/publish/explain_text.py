"""An explanation as text for a terminal, in Chinese and English; names masked unless asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from pipelines.publish.explain_doubts import doubts
from pipelines.publish.explain_evidence import evidence_parts
from pipelines.publish.explain_words import (
    EVENTS,
    FIGURES,
    INCOME,
    LEVEL,
    METHODS,
    NOTE,
    STATUS,
    certainty,
    labels,
    masked,
    number,
    plain_table,
)
from pipelines.publish.summary import LISTS

if TYPE_CHECKING:
    from pipelines.publish.explain import Explanation, FiredRule


def rendered(explained: Explanation, *, names: bool, rows: int | None) -> RenderableType:
    called = labels(explained.names, explained.members, names=names)
    parts: list[RenderableType] = [_case(explained, names), _rules(explained)]
    parts += [_household(explained, names), _identity(explained, called, names)]
    parts += evidence_parts(explained.evidence, called, limit=rows)
    parts.append(Text(NOTE, style="italic"))
    return Group(*parts)


def _case(explained: Explanation, names: bool) -> RenderableType:
    """What a visitor reads: where, who, why, what to look at, what has happened so far."""
    case = explained.case
    lines = [*_where(explained, names), "", "为什么 why"]
    said = list(dict.fromkeys(
        (f.alert["reason_zh"], f.alert["reason_en"]) for f in explained.rules if f.alert
    )) or [(case["reason_zh"], case["reason_en"])]  # fmt: skip
    for count, (zh, en) in enumerate(said, 1):
        lines += [f"  {count}. {zh}", f"     {en}"]
    lines += ["", f"建议 suggest: {'、'.join(case['suggest'] or ()) or '—'}", _helped(explained)]
    if found := doubts(explained):
        lines += ["", "走访和审核时注意 what is not certain"]
        lines += [f"  · {zh} / {en}" for zh, en in found]
    lines += ["", "经过 history"]
    for event in explained.events:
        word = f"{EVENTS.get(event['event'], '')} {event['event']}".strip()
        detail = f" · {event['detail']}" if event["detail"] and event["event"] != "disputed" else ""
        lines.append(f"  {event['occurred_on']} {word}{detail}")
    if case["silent_until"]:
        lines.append(f"  静默至 silent until {case['silent_until']}, 除非升级 unless it gets worse")
    for dispute in explained.disputes:
        words = f": {dispute.text}" if names else " (原文 words: --names)"
        lines.append(f"  异议 dispute {dispute.disputed_on} · {dispute.by_role}{words}")
    lines += [
        f"  同户另案 another case: {other['case_id']} {_named(other)}"
        for other in explained.other_cases
    ]
    title = _named(case)
    return Panel(Text("\n".join(lines)), title=title, title_align="left")


def _named(case: dict[str, Any]) -> str:
    """List, level and status of a case in words."""
    words = (
        LISTS.get(case["list"], case["list"]),
        LEVEL.get(case["level"], case["level"]),
        STATUS.get(case["status"], case["status"]),
    )
    return " · ".join(words)


def _where(explained: Explanation, names: bool) -> list[str]:
    case = explained.case
    who = next((m for m in explained.members if m["person_id"] == case["person_id"]), None)
    age = f" {who['age']} 岁 years" if who and who["age"] is not None else ""
    living = sum(1 for member in explained.members if member["alive"])
    return [
        f"{case['case_id']} · 数据截至 as of {explained.as_of} · "
        f"首次 first {case['first_flagged_on']} · 最近 last {case['last_flagged_on']}",
        f"{' '.join(explained.place) or '住址未知 place unknown'} · "
        f"{masked(explained.names.get(case['person_id']), show=names)}{age} · "
        f"户 {living} 人 people at home · 类别 tier "
        f"{'无 none' if case['tier'] == 'none' else case['tier']}",
        f"身份 identity: {certainty(case['identity_confidence'])} · 户 household "
        f"{case['household_id']} · 政策 policy {explained.policy_version or '—'}",
    ]


def _helped(explained: Explanation) -> str:
    given = [r for r in explained.evidence if r.kind in ("help", "medical_aid") and r.counts]
    if not given:
        return "已有帮助 help already given: 近12个月没有记录 none on record in 12 months"
    total = sum((row.amount or Decimal(0) for row in given), Decimal(0))
    kinds = "、".join(dict.fromkeys(row.what.split(" / ")[0] for row in given))
    return f"已有帮助 help already given: {len(given)} 笔 · {total:,.2f} · {kinds}"


def _rules(explained: Explanation) -> RenderableType:
    """Condition, measure against the line and policy values, rule by rule; reasons stand above."""
    blocks = []
    for fired in explained.rules:
        blocks.append("\n".join(_rule(fired)))
    return Panel(Text("\n\n".join(blocks)), title="规则与政策值 · Rules and policy values",
                 title_align="left")  # fmt: skip


def _rule(fired: FiredRule) -> list[str]:
    rule, alert = fired.rule, fired.alert
    lines = [f"{rule['rule_id']} · {rule['title_zh']}"]
    if alert is None:
        lines[0] += " · 今夜未命中 did not fire tonight"
    else:
        line = "" if alert["threshold"] is None else f" · 界线 line {alert['threshold']:g}"
        measure = "—" if alert["measure"] is None else f"{alert['measure']:,.3f}"
        lines.append(
            f"  指标 measure {measure}{line} · {LEVEL.get(alert['level'], alert['level'])}"
        )
    if rule.get("who"):
        lines.append(f"  对象 who: {rule['who']}")
    if rule.get("condition"):
        lines.append(f"  条件 when: {rule['condition']}")
    if rule.get("source"):
        lines.append(f"  依据 source: {rule['source']}")
    for value in fired.values:
        shown = "—" if value.value is None else f"{value.value:,.2f}"
        assumed = " · 假定值 an assumption" if value.assumption else ""
        lines.append(
            f"  政策值 {value.title_zh} {value.name} = {shown} {value.unit or ''} "
            f"({value.valid_from} 起 from; {value.source or '—'}){assumed}"
        )
    return lines


def _household(explained: Explanation, names: bool) -> RenderableType:
    evidence = (explained.household or {}).get("composition_evidence") or "—"
    table = plain_table(
        f"家庭 · Household (依据 rests on: {evidence})",
        "姓名 name", "关系 relation", "年龄 age", "类别 tier", "情况 notes", "负担 burden",
        "人员编号 person_id", right=(2, 5),
    )  # fmt: skip
    for member in explained.members:
        died = f" {member['died_on']}" if member["died_on"] else ""
        notes = [
            "" if member["alive"] else f"已故 dead{died}",
            "不在家 not present" if member["alive"] and member["present"] is False else "",
            "重大慢特病 severely ill" if member["severe_chronic"] else "",
            f"残疾 disability {member['disability_level']}" if member["disability_level"] else "",
            "学生 pupil" if member["is_student"] else "",
        ]
        table.add_row(
            masked(explained.names.get(member["person_id"]), show=names),
            member["relation"] or "—", number(member["age"]), _tier(member["tier"]),
            ", ".join(filter(None, notes)), number(member["burden_all_12m"]), member["person_id"],
        )  # fmt: skip
    if explained.household is None:
        return table
    figures = plain_table("数字 · Figures", "", "", right=(1,))
    figures.show_header = False
    for column, label in FIGURES:
        figures.add_row(label, number(explained.household.get(column)))
    income = explained.income
    if income and income["income_source"]:
        figures.add_row("收入来源 / income from", f"{INCOME[income['income_source']]} "
                        f"{income['income_as_of']}")  # fmt: skip
    return Group(table, figures)


def _tier(tier: str | None) -> str:
    return "—" if tier is None else "无 none" if tier == "none" else tier


def _identity(explained: Explanation, called: dict[str, str], names: bool) -> RenderableType:
    """One line per person and method; the records themselves only with names."""
    table = plain_table(
        "身份依据 · How each person was recognised",
        "姓名 name", "来源与记录数 sources and rows", "方式 how", "把握 how sure",
        *(["记录 records"] if names else []),
    )  # fmt: skip
    grouped: dict[tuple[str, str], list[Any]] = {}
    for link in explained.links:
        grouped.setdefault((link["person_id"], link["method"]), []).append(link)
    for (person, method), links in grouped.items():
        sources: dict[str, int] = {}
        for link in links:
            where = f"{link['source']}/{link['dataset']}"
            sources[where] = sources.get(where, 0) + 1
        keys = [link["record_key"] for link in links]
        shown = ", ".join(keys[:6]) + (" …" if len(keys) > 6 else "")
        table.add_row(
            called.get(person, "—"),
            ", ".join(f"{where} {count}" if count > 1 else where
                      for where, count in sources.items()),
            METHODS.get(method, method), certainty(min(link["probability"] for link in links)),
            *([shown] if names else []),
        )  # fmt: skip
    return table
