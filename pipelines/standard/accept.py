"""A person accepts a delivery that was held back, or takes that back: what there is, what it does.

Read from the newest night of the HOME; what is decided counts from the next night on. How scopes
are judged stands in ``scopes``, how decisions are kept in ``lake.acceptance``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.acceptance import Acceptance, in_force, load_acceptances, record
from pipelines.lake.home import Home
from pipelines.lake.newest import newest_frame
from pipelines.standard.scope_state import SCOPE_STATE

HELD = (
    "source", "dataset", "scope", "newest_extract", "rows", "held_extract", "held_received_on",
    "held_reason", "held_rows", "lost_rows", "leaving_rows",
)  # fmt: skip


def held_back(home: Home) -> tuple[date, pl.DataFrame]:
    """The newest night and, scope by scope, what it holds back (columns HELD).

    What has been accepted since is left out. Raises NotFound where no night was run yet.
    """
    night, states = newest_frame(home, SCOPE_STATE)
    held = states.filter(pl.col("held_extract").is_not_null()).select(HELD)
    decided = in_force(load_acceptances(home))
    kept = [
        (row["held_received_on"], row["held_extract"], row["scope"])
        not in decided.get((row["source"], row["dataset"]), {})
        for row in held.iter_rows(named=True)
    ]
    return night, held.filter(pl.Series(kept, dtype=pl.Boolean))


def accept(
    home: Home, dataset: str, scopes: Collection[str] | None, reason: str, decided_by: str
) -> list[Acceptance]:
    """Record that a person accepts what is held back of ``source/dataset`` (all, or ``scopes``).

    Raises NotFound where nothing of that name is held back, and records nothing then.
    """
    reason, decided_by = _said(reason, decided_by)
    _, held = held_back(home)
    wanted = _of(held, dataset)
    if scopes is not None:
        unknown = sorted(set(scopes) - set(wanted["scope"]))
        if unknown:
            raise NotFound(
                f"{dataset}: nothing is held back under {_listed(unknown)}; "
                f"held back: {_listed(wanted['scope']) or 'nothing'}"
            )
        wanted = wanted.filter(pl.col("scope").is_in(sorted(scopes)))
    if wanted.is_empty():
        raise NotFound(f"{dataset}: nothing is held back; see jiuzhulian accept --list")
    return [
        record(
            home,
            source=row["source"],
            dataset=row["dataset"],
            scope=row["scope"],
            extract_date=row["held_extract"],
            received_on=row["held_received_on"],
            accepted=True,
            rows=row["held_rows"],
            previous_rows=row["rows"],
            leaving_rows=row["leaving_rows"],
            reason=reason,
            decided_by=decided_by,
        )
        for row in wanted.iter_rows(named=True)
    ]


def withdraw(
    home: Home, dataset: str, scopes: Collection[str] | None, reason: str, decided_by: str
) -> list[Acceptance]:
    """Record that earlier acceptances no longer hold; they themselves are kept."""
    reason, decided_by = _said(reason, decided_by)
    source, _, name = dataset.partition("/")
    standing = [
        one
        for one in in_force(load_acceptances(home)).get((source, name), {}).values()
        if scopes is None or one.scope in scopes
    ]
    if not standing:
        raise NotFound(f"{dataset}: no acceptance of these scopes stands")
    return [
        record(
            home,
            source=one.source,
            dataset=one.dataset,
            scope=one.scope,
            extract_date=one.extract_date,
            received_on=one.received_on,
            accepted=False,
            rows=one.rows,
            previous_rows=one.previous_rows,
            leaving_rows=one.leaving_rows,
            reason=reason,
            decided_by=decided_by,
        )
        for one in standing
    ]


def _said(reason: str, decided_by: str) -> tuple[str, str]:
    reason, decided_by = reason.strip(), decided_by.strip()
    if not reason or not decided_by:
        raise JiuzhulianError("say why (--reason) and who decides (--by): both are kept for good")
    return reason, decided_by


def _of(held: pl.DataFrame, dataset: str) -> pl.DataFrame:
    source, _, name = dataset.partition("/")
    return held.filter((pl.col("source") == source) & (pl.col("dataset") == name))


def _listed(scopes: Collection[str]) -> str:
    return ", ".join(scope or '"" (the whole dataset)' for scope in scopes)
