"""Versions of what is published, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table

from pipelines.publish.restore import Kept, Restored


def versions_text(found: Sequence[Kept]) -> RenderableType:
    """One line per version; the one that analysts see is marked. ``--format json`` tells more."""
    table = Table(
        title="Published versions (已发布版本)", title_justify="left", title_style="bold",
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    table.add_column("version", no_wrap=True)
    table.add_column("published (UTC)", no_wrap=True)
    for column in ("rows", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    table.add_column("", overflow="fold")
    for one in found:
        table.add_row(
            one.version, one.published_at[:16].replace("T", " "), f"{one.rows:,}",
            f"{one.bytes / 1e6:,.1f}", one.tables_sha256[:12], _mark(one),
        )  # fmt: skip
    return table


def _mark(one: Kept) -> str:
    marks = ["现用 shown"] if one.shown else []
    if one.places:
        marks.append(f"各地文件 {len(one.places)} places")
    if one.damaged is not None:
        marks.append(f"损坏 {len(one.damaged)} files damaged" if one.damaged else "完好 intact")
    return ", ".join(marks)


def restored_text(done: Restored) -> str:
    """What is shown now, and what comes next."""
    before = f" instead of {done.before.name}" if done.before else ""
    source = ", made anew from the lake" if done.made_anew else ""
    identity = (
        "identity.duckdb is that of this night"
        if done.identity
        else "the lake no longer holds this night: identity.duckdb stays that of a later one"
    )
    return (
        f"{done.version.name} is shown{before}{source}; {identity}.\n"
        "The lake, the cases and what was received are unchanged: the next night stands on the "
        "newest committed night before it and replaces what is shown now."
    )
