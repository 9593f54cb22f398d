"""published/bulletin.html: the night on one page, for those who would rather look than read.

Made from the published file alone, so it can show nothing that the file does not hold; asks nobody
outside for anything. Which counts go where stands in ``figures``, how they look in the template.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from pipelines.lake.night import Night
from pipelines.publish.bulletin.figures import figures
from pipelines.publish.bulletin.render import rendered
from pipelines.publish.small_numbers import LEAST

__all__ = ["bulletin_of", "bulletin_page"]


def bulletin_page(night: Night) -> Path:
    """Write the bulletin of the night that was just published, in one step."""
    target = night.home.published / "bulletin.html"
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(
        bulletin_of(night.home.monitoring, night.settings.small_count_below), encoding="utf-8"
    )
    os.replace(partial, target)
    return target


def bulletin_of(monitoring: Path, least: int = LEAST) -> str:
    """The bulletin of a published file, as HTML text; counts of people below ``least`` hidden."""
    with duckdb.connect(str(monitoring), read_only=True) as con:
        return rendered(figures(con, least))
