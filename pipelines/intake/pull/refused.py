"""Deliveries that did not come about: a receipt says so, and freshness that nothing arrived."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.intake.discover import Found
from pipelines.intake.pulled import EMPTY_SHA256, Pulled


def refused(dataset: str, name: str, as_of: date, fault: str) -> Found:
    """What a place should have brought for ``dataset``, and why it did not."""
    source, _, short = dataset.partition("/")
    return Found(
        path=Path(name), relative_path=f"{dataset}/{name}", source=source, dataset=short,
        ending="", extract_date=as_of, size=0, mtime_ns=0, fault=fault,
        pulled=Pulled(EMPTY_SHA256),
    )  # fmt: skip
