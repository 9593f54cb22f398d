"""Past nights, replays, comparisons and simulations on a terminal: counts, never a person."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.lookback.compare import Causes, Comparison
from pipelines.lookback.compare_json import by
from pipelines.lookback.nights import NightSummary
from pipelines.lookback.replay import Replay
from pipelines.lookback.simulate import Simulation, levels

SHOWN = 15


def grid(title: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> RenderableType:
    """A table whose numbers stand to the right."""
    listed = [[cell(value) for value in row] for row in rows]
    if not listed:
        return Text.assemble((title, "bold"), ": 无 none\n")
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for i, name in enumerate(head):
        numbers = bool(listed) and all(_is_number(row[i]) for row in listed)
        table.add_column(
            name, justify="right" if numbers else "left", overflow="fold",
            min_width=16 if i == 0 and not numbers else None,
        )  # fmt: skip
    for row in listed:
        table.add_row(*row)
    return table


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").lstrip("-−+").isdigit() or text in ("", "—")


def cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是 yes" if value else ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


# -- nights


def nights_text(found: list[NightSummary]) -> RenderableType:
    head = ("夜 night", "政策 policy", "代码 code", "文件 files", "新 new", "个案 cases",
            "基于 on", "过期 stale", "可重放 replay")  # fmt: skip
    rows = (
        (n.as_of, f"{n.policy} {n.policy_sha256[:8]}", n.code_version, n.files, n.files_new,
         n.cases, n.previous, n.stale, n.kept)
        for n in found
    )  # fmt: skip
    parts: list[RenderableType] = [grid("夜 · Committed nights", head, rows)]
    if stale := [n.as_of for n in found if n.stale]:
        parts.append(Text(
            f"过期 stale: {', '.join(map(str, stale))} — the night that each stands on has other "
            "contents now, or is gone. Run them again from the oldest on, each with its own "
            "policy, to bring them up to date.\n"
        ))  # fmt: skip
    return Group(*parts)


# -- replay


def replay_text(found: Replay) -> RenderableType:
    parts: list[RenderableType] = [Text(f"注意 note: {told}") for told in found.warnings]
    other = [table for table in found.tables if not table.same]
    equal = len(found.tables) - len(other)
    if other:
        parts.append(grid(
            f"{found.as_of}: 不同的表 · Tables that came out otherwise",
            ("表 table", "当时 then", "重放 again", "多 added", "少 gone", "变 changed"),
            ((t.table, t.rows_a, t.rows_b, t.added, t.gone, t.changed) for t in other),
        ))  # fmt: skip
    said = "一致 the same" if found.same else "不一致 not the same"
    parts.append(Text(
        f"{found.as_of} {said}: {equal} of {len(found.tables)} tables are equal (but for run ids "
        "and recorded_at). Not compared: "
        f"{', '.join(found.left_out) if len(found.left_out) < 4 else len(found.left_out)}."
    ))  # fmt: skip
    return Group(*parts)


# -- simulate

_SIDES = ("before", "after", "entered", "left", "level_raised", "level_lowered")
_HEAD = ("现 now", "新 then", "进 in", "出 out", "升 up", "降 down")


def simulation_text(found: Simulation) -> RenderableType:
    parts: list[RenderableType] = [Text(
        f"{found.as_of}: {found.before_version} → {found.after.version} · 同一份数据 on the same "
        "data; nothing is changed by this.\n"
    )]  # fmt: skip
    if found.before is None:
        parts.append(Text(
            "The night's own policy was not kept, so what it found then stands on the left.\n"
        ))  # fmt: skip
    if found.after.other_indicators:
        parts.append(Text(
            "A parameter behind an indicator (living cost, rigid cost) differs: those indicators "
            "were worked out again with its new value.\n"
        ))  # fmt: skip
    names = found.regions
    parts += [
        _changes("清单 · Households by list", found.leads("list"), ("list",)),
        _changes("规则 · Hits by rule", found.by("rule_id"), ("rule_id",)),
        _changes("类别 · Households by tier", found.leads("list", "tier"), ("list", "tier")),
        grid(
            "等级 · Households by level", ("list", "level", "现 now", "新 then"),
            levels(found).select("list", "level", "before", "after").iter_rows(),
        ),
    ]  # fmt: skip
    places = _moved(found.leads("township")).with_columns(
        pl.col("township").replace_strict(names, default=pl.col("township"))
    )
    parts.append(_changes("乡镇 · By township, those that change most", places.head(SHOWN),
                          ("township",)))  # fmt: skip
    if places.height > SHOWN:
        parts.append(Text(f"  … {places.height - SHOWN} more townships (--format json has all)\n"))
    parts += _costs(found)
    if found.before:
        parts.append(Text(
            f"无法判断 could not be judged: {found.before.not_judged:,} → "
            f"{found.after.not_judged:,} (persons or households, summed over rules)"
        ))  # fmt: skip
    return Group(*parts)


def _changes(title: str, counted: pl.DataFrame, keys: tuple[str, ...]) -> RenderableType:
    rows = counted.select(*keys, *_SIDES).iter_rows()
    return grid(title, (*keys, *_HEAD), rows)


def _moved(counted: pl.DataFrame) -> pl.DataFrame:
    changes = pl.sum_horizontal(_SIDES[2:])
    return counted.filter(changes > 0).sort(changes, descending=True)


def _costs(found: Simulation) -> list[RenderableType]:
    paid = found.by("rule_id").filter(
        pl.col("pays_before").is_not_null() | pl.col("pays_after").is_not_null()
    )
    if not paid.height:
        return [Text("费用 cost: no rule of the two policies says what it pays (`pays:`).\n")]
    rows = list(paid.select("rule_id", "pays_before", "pays_after", "pays_unknown").iter_rows())
    total = ["合计 sum", *(
        sum(row[i] for row in rows if row[i] is not None)
        if any(row[i] is not None for row in rows) else None
        for i in (1, 2, 3)
    )]  # fmt: skip
    table = grid(
        "费用 · What it would cost, CNY a year, if all were confirmed",
        ("rule_id", "现 now", "新 then", "金额未知 unknown"), [*rows, total],
    )  # fmt: skip
    return [table]


# -- compare


def comparison_text(found: Comparison) -> RenderableType:
    other = [table for table in found.tables if not table.same]
    parts: list[RenderableType] = [*_causes(found.causes, found)]
    parts.append(grid(
        "表 · Tables that differ",
        ("表 table", str(found.a), str(found.b), "多 added", "少 gone", "变 changed"),
        ((t.table, t.rows_a, t.rows_b, t.added, t.gone, t.changed) for t in other),
    ))  # fmt: skip
    parts.append(Text(f"  {len(found.tables) - len(other)} tables are the same\n"))
    hits = by(found.hits, "rule_id", "change", "cause")
    parts.append(grid(
        "预警 · Alerts by rule, and why", ("rule_id", "change", "cause", "count"), hits.iter_rows()
    ))  # fmt: skip
    if found.causes.policy:
        parts.append(Text(
            "  policy: the first night's policy says otherwise of the second night's data; data: "
            "data, and the days between, do.\n" if found.split else
            "  The first night's policy was not kept: policy and data cannot be told apart here.\n"
        ))  # fmt: skip
    places = by(found.hits, "township", "change").with_columns(
        pl.col("township").replace_strict(found.regions, default=pl.col("township"))
    )
    parts.append(grid("乡镇 · Alerts by township", ("township", "change", "count"),
                      places.head(SHOWN).iter_rows()))  # fmt: skip
    tiers = by(found.tiers, "tier_a", "tier_b")
    parts.append(grid("类别 · People whose tier differs", (str(found.a), str(found.b), "人 people"),
                      tiers.iter_rows()))  # fmt: skip
    return Group(*parts, *_cases(found))


def _cases(found: Comparison) -> list[RenderableType]:
    counted = by(found.cases, "list", "differs", "status_a", "status_b", "level_a", "level_b")
    head = ("list", "不同 differs", "状态 status", "→", "等级 level", "→", "个案 cases")
    parts: list[RenderableType] = [grid("个案 · Cases that differ", head, counted.iter_rows())]
    columns = ("case_id", "differs", "status_a", "status_b", "level_a", "level_b")
    few = found.cases.select(columns).head(SHOWN)
    if few.height:
        parts.append(grid(
            f"个案 · The first {few.height} of {found.cases.height} (--out writes all)", columns,
            few.iter_rows(),
        ))  # fmt: skip
    return parts


def _causes(causes: Causes, found: Comparison) -> list[RenderableType]:
    lines = [f"{found.a} → {found.b}", "", "原因 causes"]
    lines.append(f"  时间 time: {causes.days} days; windows and ages move with them")
    new, gone = causes.files_only_b, causes.files_only_a
    lines.append(f"  数据 data: {len(new)} files only in the second, {len(gone)} only in the first")
    lines += [f"    + {name}" for name in new[:SHOWN]] + [f"    − {name}" for name in gone[:SHOWN]]
    if causes.disputes:
        lines.append(f"  异议 disputes: {causes.disputes} differ")
    if causes.policy:
        lines.append(f"  政策 policy: {len(causes.policy)} values or rules differ")
        lines += [f"    {what}: {was} → {now}" for what, was, now in causes.policy[:SHOWN]]
        if len(causes.policy) > SHOWN:
            lines.append(f"    … {len(causes.policy) - SHOWN} more (--format json has all)")
    else:
        files = " (only comments or notes differ)" if causes.policy_files_differ else ""
        lines.append(f"  政策 policy: the same{files}")
    contracts = {True: "differ", False: "the same", None: "not kept with both nights"}
    lines.append(f"  契约 contracts: {contracts[causes.contracts_differ]}")
    lines.append(f"  代码 code: {' → '.join(causes.code) if causes.code else 'the same'}")
    lines += [f"  设置 setting {name}: {was} → {now}" for name, was, now in causes.settings]
    if causes.stale:
        lines.append(f"  过期 stale: {', '.join(map(str, causes.stale))} (see `jiuzhulian nights`)")
    return [Text("\n".join(lines) + "\n")]
