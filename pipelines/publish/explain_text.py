"""An explanation as text for a terminal, in Chinese and English; names masked unless asked for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines.publish.explain_doubts import doubts
from pipelines.publish.explain_rows import EvidenceRow
from pipelines.publish.summary import LISTS

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
STATUS = {
    "open": "待核查 open",
    "checking": "核查中 checking",
    "confirmed": "属实 confirmed",
    "helped": "已纳入救助 helped",
    "referred": "已转介 referred",
    "rejected": "不属实 rejected",
    "cleared": "已消除 cleared",
}
LEVEL = {"red": "红 red", "orange": "橙 orange", "yellow": "黄 yellow"}
EVENTS = {
    "opened": "立案",
    "checked": "核查",
    "confirmed": "属实",
    "helped": "已纳入救助",
    "referred": "已转介",
    "rejected": "不属实",
    "cleared": "消除",
    "merged": "并入",
    "level_raised": "升级",
    "level_lowered": "降级",
    "rule_joined": "新增规则",
    "moved_household": "随户变动",
    "identity_review": "身份复核",
    "disputed": "异议",
}
INCOME = {
    "economic_check": "经济核对 economic check",
    "certificate": "证件申报 declared on a certificate",
    "ended_certificate": "已停保证件申报 declared on an ended certificate",
}
FIGURES = (
    ("size", "家庭人口 / living members"),
    ("annual_income", "家庭年收入 / annual income"),
    ("income_per_head", "人均年收入 = 年收入 ÷ 人口 / income per head"),
    ("medical_burden_12m", "近12个月个人负担医疗费 / medical burden"),
    ("education_cost_12m", "近12个月教育支出 / education cost"),
    ("living_cost_12m", "基本生活费 = 人口 × 低保标准 × 12 / living cost"),
    ("rigid_cost_12m", "刚性支出 = 生活 + 医疗 + 教育 / rigid cost"),
    ("rigid_ratio", "刚性支出占收入比 / rigid cost over income"),
    ("expense_income_ratio", "医疗教育支出占收入比 / expenses over income"),
    ("severe_members", "重大慢特病 / severely ill members"),
    ("disabled_members", "残疾 / disabled members"),
    ("minors", "未成年人 / minors"),
    ("minors_without_guardian", "无监护人的未成年人 / minors without a guardian"),
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


def labels(
    known: dict[str, str | None], members: Sequence[dict[str, Any]], *, names: bool
) -> dict[str, str]:
    """What a person is called in tables: the masked name, and the age by which people of one
    surname are told apart."""
    told = {person: masked(name, show=names) for person, name in known.items()}
    for member in members:
        state = "已故 dead" if not member["alive"] else member["age"]
        person = member["person_id"]
        told[person] = f"{told.get(person, '—')}({'?' if state is None else state})"
    return told


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


def plain_table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i in right else "left", overflow="fold")
    return table


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


def number(value: Any) -> str:
    if value is None:
        return "未知 ?"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, (float, Decimal)):
        return f"{value:,.2f}"
    return str(value)
