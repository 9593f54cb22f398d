"""published/quality/index.html: the night's checks for people; one file, no outside request.

Problems first, by who answers for them, each with what to do; then every dataset and every check.
Counts only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.lake.night import Night
from pipelines.publish.page_words import advice, in_chinese, set_aside, subject

#: nights for which a refused file stays on the page
REFUSED_NIGHTS = 14
TEMPLATE = Path(__file__).with_name("page.css")
HEAD = ("结果<br><i>result</i>", "校验<br><i>check</i>", "列<br><i>column</i>",
        "不符<br><i>unexpected</i>", "检查<br><i>checked</i>")  # fmt: skip
Row = dict[str, Any]


def validation_page(night: Night) -> Path:
    """Write the page from quality.expectation and, where they are there, receipts and the rest."""

    def of(table: str) -> pl.DataFrame | None:
        return night.frame(table) if night.exists(table) else None

    text = page(
        night.as_of, night.frame("quality.expectation"), of("quality.receipt"),
        of("quality.quarantine"), of("quality.value_repair"),
    )  # fmt: skip
    target = night.home.published / "quality" / "index.html"
    target.parent.mkdir(exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, target)
    return target


def page(
    as_of: date,
    results: pl.DataFrame,
    receipts: pl.DataFrame | None = None,
    quarantine: pl.DataFrame | None = None,
    repairs: pl.DataFrame | None = None,
) -> str:
    """The page as HTML text."""
    failed = results.filter(~pl.col("success"))
    parts = [
        "<!doctype html><html lang='zh'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>数据校验 {as_of}</title>",
        f"<style>{TEMPLATE.read_text(encoding='utf-8')}</style></head><body><main>",
        f"<h1>数据校验 <i>Data validation</i></h1><p class='note'>数据日期 {as_of} · "
        f"{results.height} 项校验，{failed.height} 项未通过 "
        f"<i>as of {as_of}, {results.height} checks, {failed.height} failed</i></p>",
        _verdict(failed),
        *_problems(failed, _refused(as_of, receipts), _open_rows(quarantine)),
        *(_datasets(receipts, quarantine, repairs, failed) if receipts is not None else ()),
        *_checks(results),
        "<p class='note'>本页只有计数，没有个人信息。"
        "<i>Counts only, nothing about a person.</i></p>",
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _verdict(failed: pl.DataFrame) -> str:
    blocking = failed.filter(pl.col("blocking")).height
    if blocking:
        tone, zh = "bad", f"{blocking} 项阻断性校验未通过：本夜不发布，沿用上一夜的结果"
        en = f"{blocking} blocking checks failed: this night is not published, the last one stays"
    elif failed.height:
        tone, zh = "warn", f"已发布，有 {failed.height} 项提示需要处理"
        en = f"published, with {failed.height} warnings"
    else:
        tone, zh, en = "good", "已发布，全部校验通过", "published, every check passed"
    return f"<p class='verdict {tone}'><b>{zh}</b><br><i>{en}</i></p>"


def _refused(as_of: date, receipts: pl.DataFrame | None) -> list[Row]:
    if receipts is None:
        return []
    since = as_of - timedelta(days=REFUSED_NIGHTS)
    found = receipts.filter((pl.col("status") == "refused") & (pl.col("received_night") > since))
    return found.sort("received_night", "file_name", descending=[True, False]).to_dicts()


def _open_rows(quarantine: pl.DataFrame | None) -> list[Row]:
    """Rows still set aside, by dataset, reason and column."""
    if quarantine is None:
        return []
    left = quarantine.filter(pl.col("readmitted_on").is_null())
    grouped = left.group_by("source", "dataset", "reason_code", "column_name").agg(
        pl.len().alias("rows"), pl.col("first_seen").min().alias("since")
    )
    return grouped.sort("rows", "source", "dataset", "reason_code", "column_name",
                        descending=[True, False, False, False, False]).to_dicts()  # fmt: skip


def _problems(failed: pl.DataFrame, refused: list[Row], rows: list[Row]) -> Iterator[str]:
    """What to do, grouped by who answers for it; blocking checks first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in failed.sort("suite", "check_name").iter_rows(named=True):
        about = subject(row["suite"])
        rank = 0 if row["blocking"] else 3
        found.setdefault(about.owner, []).append((rank, _failed_item(row)))
    for row in refused:
        about = subject(f"{row['source']}/{row['dataset']}")
        found.setdefault(about.owner, []).append((1, _refused_item(row)))
    for dataset in dict.fromkeys(f"{row['source']}/{row['dataset']}" for row in rows):
        mine = [row for row in rows if f"{row['source']}/{row['dataset']}" == dataset]
        found.setdefault(subject(dataset).owner, []).append((2, _rows_item(dataset, mine)))
    if not found:
        return
    yield "<h2>需要处理 <i>What to do</i></h2>"
    for owner, items in sorted(found.items(), key=lambda f: (min(r for r, _ in f[1]), f[0])):
        zh, _, en = owner.partition(" / ")
        yield f"<section><h3>{escape(zh)} <i>{escape(en)}</i></h3><ul class='todo'>"
        yield from (item for _, item in sorted(items, key=lambda item: item[0]))
        yield "</ul></section>"


def _item(tone: str, label: str, suite: str, what: str, counts: str, todo: tuple[str, str]) -> str:
    about = subject(suite)
    return (
        f"<li class='{tone}'><p><span class='tag'>{label}</span> <b>{escape(about.zh)}</b> "
        f"<code>{escape(about.name)}</code> {counts}</p><p>{what}</p>"
        f"<p class='next'>→ {escape(todo[0])}<br><i>{escape(todo[1])}</i></p></li>"
    )


def _failed_item(row: Row) -> str:
    label, tone = (
        ("阻断 <i>blocking</i>", "bad") if row["blocking"] else ("提示 <i>warning</i>", "warn")
    )
    if row["errored"]:
        label, tone = "校验出错 <i>could not be evaluated</i>", "bad"
    said = (
        f"{escape(row['meaning_zh'] or row['check_name'])} <i>{escape(row['meaning_en'] or '')}</i>"
    )
    return _item(tone, label, row["suite"], said, _counts(row), advice(row["check_name"]))


def _counts(row: Row) -> str:
    wrong, all_ = row["unexpected_count"], row["element_count"]
    if wrong is None:
        return "" if all_ is None else f"<span class='count'>{all_:,} 行 <i>rows</i></span>"
    return f"<span class='count'>不符 {wrong:,} / 共 {all_:,} <i>unexpected of all</i></span>"


def _refused_item(row: Row) -> str:
    zh, en = in_chinese(row["reason"] or ""), row["reason"] or ""
    counts = f"<span class='count'>{row['received_night']}</span>"
    return _item("bad", "拒收 <i>refused</i>", f"{row['source']}/{row['dataset']}",
                 f"<code>{escape(row['file_name'])}</code>", counts, (zh or en, en))  # fmt: skip


def _rows_item(dataset: str, rows: list[Row]) -> str:
    """Rows of a dataset that are set aside, reason by reason."""
    what = "<br>".join(
        f"{escape(set_aside(row['reason_code']))} <code>{escape(row['column_name'] or '')}</code> "
        f"{row['rows']:,} 行 <i>{escape(row['reason_code'])}</i>"
        for row in rows
    )
    total, since = sum(row["rows"] for row in rows), min(row["since"] for row in rows)
    counts = f"<span class='count'>{total:,} 行 <i>rows</i>，自 {since} 起</span>"
    todo = (
        "请部门更正这些行后重新报送，更正后自动收入",
        "have these rows corrected and sent again: they come back by themselves",
    )
    return _item("warn", "隔离 <i>set aside</i>", dataset, what, counts, todo)


def _datasets(
    receipts: pl.DataFrame,
    quarantine: pl.DataFrame | None,
    repairs: pl.DataFrame | None,
    failed: pl.DataFrame,
) -> Iterator[str]:
    """One line per dataset: files, how new, rows, repaired values, failing checks."""
    yield "<h2>各数据集 <i>Datasets</i></h2>"
    keys = ["source", "dataset"]
    grouped = receipts.group_by(keys).agg(
        pl.len().alias("files"),
        (pl.col("status") == "refused").sum().alias("refused"),
        pl.col("extract_date").filter(pl.col("status") != "refused").max().alias("newest"),
        pl.col("rows_landed").sum().alias("landed"),
        pl.col("rows_quarantined").sum().alias("aside"),
    )
    repaired = dict[tuple[Any, ...], int]()
    if repairs is not None:
        repaired = {
            (s, d): n for s, d, n in repairs.group_by(keys).agg(pl.col("rows").sum()).rows()
        }
    back = dict[tuple[Any, ...], int]()
    if quarantine is not None:
        returned = quarantine.filter(pl.col("readmitted_on").is_not_null())
        back = {(s, d): n for s, d, n in returned.group_by(keys).len().rows()}
    wrong = dict(failed.group_by("suite").len().rows())
    rows = []
    for row in grouped.sort(keys).iter_rows(named=True):
        key = (row["source"], row["dataset"])
        about = subject("/".join(key))
        failing = sum(wrong.get(f"{kind}.{about.name}", 0) for kind in ("landed", "extract"))
        rows.append([
            f"{escape(about.zh)}<br><code>{escape(about.name)}</code>",
            escape(about.owner.partition(" / ")[0]), str(row["newest"] or "—"),
            f"{row['files']:,}", _alarm(row["refused"]), f"{row['landed']:,}",
            _alarm(row["aside"]), f"{back.get(key, 0):,}", f"{repaired.get(key, 0):,}",
            _alarm(failing),
        ])  # fmt: skip
    yield _table(
        ("数据集<br><i>dataset</i>", "部门<br><i>department</i>", "最新<br><i>newest</i>",
         "文件<br><i>files</i>", "拒收<br><i>refused</i>", "落地行<br><i>landed</i>",
         "隔离行<br><i>set aside</i>", "已收回<br><i>came back</i>", "修复值<br><i>repaired</i>",
         "未通过<br><i>failed</i>"), rows, numbers=range(3, 10),
    )  # fmt: skip


def _alarm(count: int) -> str:
    return f"<span class='warn'>{count:,}</span>" if count else "0"


def _checks(results: pl.DataFrame) -> Iterator[str]:
    """Every check, suite by suite, those with failures open."""
    yield "<h2>全部校验 <i>All checks</i></h2>"
    counts = results.group_by("suite").agg(
        (~pl.col("success")).sum().alias("failed"), pl.len().alias("checks")
    )
    for suite, failed, checks in counts.sort(
        ["failed", "suite"], descending=[True, False]
    ).iter_rows():
        about = subject(suite)
        rows = results.filter(pl.col("suite") == suite).sort(["success", "check_name"])
        tone = "warn" if failed else "good"
        said = f"{failed} 项未通过 <i>failed</i>" if failed else "全部通过 <i>passed</i>"
        yield f"<details><summary><b>{escape(about.zh)}</b> <code>{escape(suite)}</code> "
        yield f"{checks} 项 <i>checks</i> · <span class='{tone}'>{said}</span></summary>"
        yield _table(HEAD, [_cells(row) for row in rows.iter_rows(named=True)], numbers=(3, 4))
        yield "</details>"


def _cells(row: Row) -> list[str]:
    if row["success"]:
        result = "<span class='good'>✓ 通过</span>"
    elif row["errored"]:
        result = "<span class='bad'>✗ 出错 <i>error</i></span>"
    elif row["blocking"]:
        result = "<span class='bad'>✗ 阻断 <i>blocking</i></span>"
    else:
        result = "<span class='warn'>! 提示 <i>warning</i></span>"
    return [
        result,
        f"{escape(row['meaning_zh'] or row['check_name'])}<br>"
        f"<i>{escape(row['meaning_en'] or '')}</i>",
        f"<code>{escape(row['column_name'] or '')}</code>",
        *("" if row[n] is None else f"{row[n]:,}" for n in ("unexpected_count", "element_count")),
    ]


def _table(head: Iterable[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    right = dict.fromkeys(numbers, " class='n'")
    top = "".join(f"<th scope='col'{right.get(at, '')}>{n}</th>" for at, n in enumerate(head))
    lines = (
        "".join(f"<td{right.get(at, '')}>{cell}</td>" for at, cell in enumerate(row))
        for row in rows
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='wide'>{table}</div>"
