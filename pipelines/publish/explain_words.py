"""The words of an explanation: labels in Chinese and English, masked names, numbers as read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.table import Table

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


def plain_table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i in right else "left", overflow="fold")
    return table


def number(value: Any) -> str:
    if value is None:
        return "未知 ?"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, (float, Decimal)):
        return f"{value:,.2f}"
    return str(value)
