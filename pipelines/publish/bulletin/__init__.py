"""published/bulletin.html: the night on one page, for those who would rather look than read.

Made from the published file alone, so it can show nothing that the file does not hold; asks nobody
outside for anything. Which counts go where stands in ``figures``, how they look in the template.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.engine.duck import interrupted
from pipelines.errors import JiuzhulianError
from pipelines.lake.night import Night
from pipelines.logs import warn
from pipelines.publish.bulletin.figures import figures
from pipelines.publish.bulletin.render import rendered
from pipelines.publish.small_numbers import LEAST

__all__ = ["bulletin_of", "bulletin_page", "write_bulletin"]


def write_bulletin(monitoring: Path, page: Path, least: int) -> None:
    """Write the bulletin of a file that is about to be published.

    No night is held back for its bulletin: one that cannot be drawn is missing, and said.
    """
    try:
        page.write_text(bulletin_of(monitoring, least), encoding="utf-8")
        page.chmod(0o644)
    except Exception as error:
        page.unlink(missing_ok=True)
        if interrupted(error):
            raise
        warn(f"the bulletin could not be drawn ({type(error).__name__}); the night goes on without")


def bulletin_page(night: Night) -> Path:
    """The bulletin of the night that was just published; raises where it could not be drawn."""
    if not night.home.bulletin.is_file():
        raise JiuzhulianError(
            f"the night of {night.as_of} has no bulletin: it could not be drawn (see the run's "
            "warnings); everything else of the night is published"
        )
    return night.home.bulletin


def bulletin_of(monitoring: Path, least: int = LEAST) -> str:
    """The bulletin of a published file, as HTML text; counts of people below ``least`` hidden."""
    with duckdb.connect(str(monitoring), read_only=True) as con:
        return rendered(figures(con, least))
