"""published/quality/index.html: the night's checks for people; one file, no outside request."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.lake.night import Night

STYLE = """
:root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--line:#d9d9e0;--back:#fff;
--bad:#b3261e;--warn:#8a5a00;--good:#1a6e3c;--tint:#f4f4f7}
@media(prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--line:#3a3d42;--back:#16181a;
--bad:#ff9b92;--warn:#f2c063;--good:#7dd3a0;--tint:#1f2225}}
body{margin:0 auto;max-width:70rem;padding:1.5rem;background:var(--back);color:var(--ink);
font:16px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p.note{color:var(--soft);margin:.25rem 0}
.verdict{margin:1rem 0;padding:.75rem 1rem;border-left:.35rem solid;background:var(--tint)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}
details{margin:.25rem 0;border-bottom:1px solid var(--line)}summary{cursor:pointer;padding:.35rem 0}
code{font-size:.9em}
"""
HEAD = ("校验<br>check", "列<br>column", "结果<br>result", "不符<br>unexpected", "检查<br>checked",
        "含义<br>meaning")  # fmt: skip


def validation_page(night: Night) -> Path:
    """Write the page from quality.expectation and, where they are, receipts."""
    results = night.frame("quality.expectation")
    receipts = night.frame("quality.receipt") if night.exists("quality.receipt") else None
    target = night.home.published / "quality" / "index.html"
    target.parent.mkdir(exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(page(night.as_of.isoformat(), results, receipts), encoding="utf-8")
    os.replace(partial, target)
    return target


def page(as_of: str, results: pl.DataFrame, receipts: pl.DataFrame | None = None) -> str:
    """The page as HTML text."""
    failed = results.filter(~pl.col("success"))
    blocking = failed.filter(pl.col("blocking"))
    if blocking.height:
        tone, verdict = (
            "bad",
            (
                f"{blocking.height} 项阻断性校验未通过，本夜不发布 · "
                f"{blocking.height} blocking checks failed: this night is not published"
            ),
        )
    elif failed.height:
        tone, verdict = (
            "warn",
            (f"已发布；{failed.height} 项提示 · published, with {failed.height} warnings"),
        )
    else:
        tone, verdict = "good", "全部通过 · every check passed"
    parts = [
        "<!doctype html><html lang='zh'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>数据校验 {escape(as_of)}</title><style>{STYLE}</style></head><body>",
        f"<h1>数据校验 · Data validation</h1><p class='note'>数据日期 as of {escape(as_of)} · "
        f"{results.height} 项 checks · {failed.height} 项未通过 failed</p>",
        f"<p class='verdict {tone}'>{verdict}</p>",
        *_failed(failed),
        *_suites(results),
        *(_receipts(receipts) if receipts is not None else ()),
        "<p class='note'>只有计数，没有个人信息 · counts only, nothing about a person</p>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _failed(failed: pl.DataFrame) -> Iterable[str]:
    if failed.is_empty():
        return
    yield "<h2>未通过 · Failing</h2>"
    yield _table(("校验组<br>suite", *HEAD), [
        [f"<code>{escape(row['suite'])}</code>", *_cells(row)]
        for row in failed.sort(
            ["blocking", "suite", "check_name"], descending=[True, False, False]
        ).iter_rows(named=True)
    ])  # fmt: skip


def _suites(results: pl.DataFrame) -> Iterable[str]:
    yield "<h2>校验组 · Suites</h2>"
    counts = results.group_by("suite").agg(
        (~pl.col("success")).sum().alias("failed"), pl.len().alias("checks")
    )
    for suite, failed, checks in counts.sort(
        ["failed", "suite"], descending=[True, False]
    ).iter_rows():
        rows = results.filter(pl.col("suite") == suite).sort(["success", "check_name"])
        tone = "warn" if failed else "good"
        said = f"{failed} 项未通过 failed" if failed else "通过 passed"
        yield f"<details><summary><code>{escape(suite)}</code> · {checks} 项 checks · "
        yield f"<span class='{tone}'>{said}</span></summary>"
        yield _table(HEAD, [_cells(row) for row in rows.iter_rows(named=True)])
        yield "</details>"


def _cells(row: dict[str, Any]) -> list[str]:
    if row["success"]:
        result = "<span class='good'>✓ 通过 passed</span>"
    elif row["errored"]:
        result = "<span class='bad'>✗ 校验出错 could not be evaluated</span>"
    elif row["blocking"]:
        result = "<span class='bad'>✗ 阻断 blocking</span>"
    else:
        result = "<span class='warn'>! 提示 warning</span>"
    return [
        escape(row["check_name"]),
        escape(row["column_name"] or ""),
        result,
        *("" if row[n] is None else f"{row[n]:,}" for n in ("unexpected_count", "element_count")),
        f"{escape(row['meaning_zh'] or '')}<br>{escape(row['meaning_en'] or '')}",
    ]


def _receipts(receipts: pl.DataFrame) -> Iterable[str]:
    """Files per dataset: how many, how old, and how many rows were set aside."""
    yield "<h2>收到的文件 · Files</h2>"
    grouped = receipts.group_by("source", "dataset").agg(
        pl.len(),
        (pl.col("status") == "refused").sum(),
        pl.col("extract_date").max(),
        pl.col("rows_landed").sum().alias("landed"),
        pl.col("rows_quarantined").sum().alias("set_aside"),
    )
    yield _table(
        ("数据集<br>dataset", "文件<br>files", "拒收<br>refused", "最新日期<br>newest",
         "落地行<br>landed", "隔离行<br>set aside"),
        [
            [f"<code>{escape(source)}/{escape(dataset)}</code>", f"{files:,}", f"{refused:,}",
             escape(str(newest or "")), f"{landed:,}", f"{set_aside:,}"]
            for source, dataset, files, refused, newest, landed, set_aside
            in grouped.sort("source", "dataset").iter_rows()
        ],
    )  # fmt: skip


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th scope='col'>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='wide'>{table}</div>"
