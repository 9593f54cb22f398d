"""The three to six sentences that a bureau head reads: what is new, where, and how far to trust it.

Every number comes from ``figures``; nothing is judged here that the figures do not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.publish.bulletin.figures import Figures
from pipelines.publish.small_numbers import Hidden, Shown

#: share of households without a known income from which the page says so at the top
MUCH_UNKNOWN = 0.2
Sentence = tuple[str, str, str]


@dataclass(frozen=True)
class Minute:
    """What stands on top: a tone, and sentences (tone, Chinese, English)."""

    tone: str
    lines: list[Sentence]


def minute(found: Figures, words: dict[str, Any]) -> Minute:
    say = Say(found.least)
    lines = [_cases(found, say), *_where(found), *_work(found, say)]
    lines += [*_tiers(found, say), *_findings(found, say)]
    lines += [_data(found), *_unknown(found)]
    return Minute("warn" if any(tone == "warn" for tone, *_ in lines) else "", lines)


class Say:
    """Counts in words."""

    def __init__(self, least: int) -> None:
        self.least = least

    def zh(self, count: Shown) -> str:
        return f"不足 {self.least}" if isinstance(count, Hidden) else f"{count:,}"

    def en(self, count: Shown) -> str:
        return f"fewer than {self.least}" if isinstance(count, Hidden) else f"{count:,}"


def _cases(found: Figures, say: Say) -> Sentence:
    now = found.tonight
    if now["open_cases"] == 0:
        return ("good", "今夜没有待核查的疑似个案。", "No suspected case waits tonight.")
    red = now["red"]
    red_zh = "，没有红色" if red == 0 else f"，其中红色 {say.zh(red)} 个"
    red_en = ", none of them red" if red == 0 else f", {say.en(red)} of them red"
    if found.before is None:
        return (
            "red" if red != 0 else "",
            f"第一夜：发现 {say.zh(now['open_cases'])} 个疑似个案待核查{red_zh}。",
            f"First night: {say.en(now['open_cases'])} suspected cases wait for a visit{red_en}.",
        )
    return (
        "red" if red != 0 else "",
        f"{say.zh(now['open_cases'])} 个疑似个案待核查{red_zh}；"
        f"今夜新增 {say.zh(now['new_cases'])} 个，结束 {say.zh(now['closed_cases'])} 个。",
        f"{say.en(now['open_cases'])} suspected cases wait for a visit{red_en}; "
        f"{say.en(now['new_cases'])} are new, {say.en(now['closed_cases'])} ended.",
    )


def _where(found: Figures) -> list[Sentence]:
    """Townships with most red cases, as far as that may be said."""
    listed = [p for p in found.townships if p.name and not isinstance(p.levels["red"], Hidden)]
    first = [p for p in listed if p.levels["red"] != 0][:3]
    if not first:
        return []
    named = [
        (f"{p.county or ''}{p.name}（{p.levels['red']}）", f"{p.name} ({p.levels['red']})")
        for p in first
    ]
    zh, en = "、".join(z for z, _ in named), ", ".join(e for _, e in named)
    return [("", f"红色个案较多：{zh}。", f"Most red cases: {en}.")]


def _work(found: Figures, say: Say) -> list[Sentence]:
    overdue = found.tonight["overdue_rows"]
    if overdue == 0:
        return []
    return [
        ("warn", f"工单有 {say.zh(overdue)} 行超期未回。",
         f"{say.en(overdue)} rows of work orders are overdue."),
    ]  # fmt: skip


def _tiers(found: Figures, say: Say) -> list[Sentence]:
    now = found.tonight
    monitored_zh = f"监测对象 {say.zh(now['monitored_persons'])} 人"
    monitored_en = f"{say.en(now['monitored_persons'])} people are in a tier"
    if found.before is None:
        return [("", f"{monitored_zh}。", f"{monitored_en}.")]
    return [
        ("", f"{monitored_zh}：新进 {say.zh(now['entered'])} 人，退出 {say.zh(now['gone'])} 人。",
         f"{monitored_en}: {say.en(now['entered'])} entered, {say.en(now['gone'])} left."),
    ]  # fmt: skip


def _findings(found: Figures, say: Say) -> list[Sentence]:
    gaps, overlaps = found.tonight["gap_findings"], found.tonight["overlap_findings"]
    if gaps == 0 and overlaps == 0:
        return []
    return [
        ("", f"疑似漏助 {say.zh(gaps)} 项，疑似重复或错误救助 {say.zh(overlaps)} 项。",
         f"Help seems to be missing {say.en(gaps)} times, "
         f"double or wrong {say.en(overlaps)} times."),
    ]  # fmt: skip


def _data(found: Figures) -> Sentence:
    late, failed = len(found.late), found.night["checks_failed"]
    if not late and not failed:
        return ("good", "数据都在期限内，全部校验通过。",
                "All data is in time and every check passed.")  # fmt: skip
    said_zh = [f"{late} 个数据集逾期"] * bool(late) + [f"{failed} 项校验未通过"] * bool(failed)
    said_en = [f"{late} {'dataset is' if late == 1 else 'datasets are'} late"] * bool(late)
    said_en += [f"{failed} {'check' if failed == 1 else 'checks'} failed"] * bool(failed)
    return (
        "warn",
        f"数据要留意：{'，'.join(said_zh)}；相关数字可能偏少。",
        f"Mind the data: {', '.join(said_en)}; figures that rest on it may be too low.",
    )


def _unknown(found: Figures) -> list[Sentence]:
    households, unknown = found.night["households"], found.night["income_unknown"]
    if not households or unknown / households < MUCH_UNKNOWN:
        return []
    share = unknown / households
    return [
        ("warn", f"{share:.0%} 的家庭没有可用的收入记录，凡要看收入的规则无法判断这些家庭。",
         f"{share:.0%} of households have no usable income on record: "
         "no rule that needs one could judge them."),
    ]  # fmt: skip
