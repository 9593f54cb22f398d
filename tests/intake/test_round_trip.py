"""Every kind of value comes through every dirt and every format as the value that it is.

Few examples by default; JIUZHULIAN_EXAMPLES says how many for a long run (``make fuzz``).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.codes import load_codes
from pipelines.intake.convert import Converted, convert
from pipelines.intake.discover import Found
from tests.intake.delivered import ENCODINGS, FORMS, Form, written
from tests.intake.written import KINDS, THING

CODES = load_codes()
EXAMPLES = int(os.environ.get("JIUZHULIAN_EXAMPLES", "1"))
HEADERS = ["key", *(kind.name for kind in KINDS)]
DRESSED = st.sampled_from(("{}", "*{}", " {} ", "{}（必填）", "{}\u3000", "\ufeff{}"))
ROWS = st.lists(st.tuples(*(kind.column() for kind in KINDS)), min_size=2, max_size=6)
GROUPS = {
    "utf8": [f for f in FORMS if f.kind == "csv" and f.encoding.startswith("utf-8")],
    "gb18030": [f for f in FORMS if f.kind == "csv" and f.encoding == "gb18030"],
    "utf16": [f for f in FORMS if f.kind == "csv" and f.encoding.startswith("utf-16")],
    "gz": [f for f in FORMS if f.kind == "csv.gz"],
    "xlsx": [f for f in FORMS if f.kind == "xlsx"],
    "parquet": [f for f in FORMS if f.kind == "parquet"],
}


def taken_in(content: bytes, form: Form, folder: Path) -> Converted:
    path = folder / f"thing_20261118.{form.ending}"
    path.write_bytes(content)
    held = path.stat()
    found = Found(
        path, path.name, "office", "thing", form.ending, date(2026, 11, 18), held.st_size,
        held.st_mtime_ns,
    )  # fmt: skip
    return convert(found, hashlib.sha256(content).hexdigest(), THING, CODES, folder)


def test_all_forms_are_tried() -> None:
    assert sum(map(len, GROUPS.values())) == len(FORMS)
    assert {form.encoding for form in FORMS} == set(ENCODINGS)


def _some(data: st.DataObject, forms: list[Form]) -> list[Form]:
    """All forms of a group in a long run, else two of them."""
    if EXAMPLES > 1 or len(forms) == 1:
        return forms
    return data.draw(st.lists(st.sampled_from(forms), min_size=2, max_size=2, unique=True))


@pytest.mark.parametrize("group", sorted(GROUPS))
@given(data=st.data())
@settings(
    max_examples=3 * EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_values_come_through(group: str, data: st.DataObject) -> None:
    rows: list[tuple[tuple[Any, str | None], ...]] = data.draw(ROWS)
    headers = [data.draw(DRESSED).format(name) for name in HEADERS]
    texts = [(f"K{at}", *(text for _, text in row)) for at, row in enumerate(rows)]
    for form in _some(data, GROUPS[group]):
        with tempfile.TemporaryDirectory() as folder:
            done = taken_in(written(form, headers, texts), form, Path(folder))
            landed = pl.read_parquet(done.landed).sort("row_number")
        assert (done.rows_read, done.rows_landed) == (len(rows), len(rows)), form
        for place, kind in enumerate(KINDS):
            expected = [row[place][0] for row in rows]
            assert landed.get_column(kind.name).to_list() == expected, (form, kind.name)
        assert landed.get_column("key").to_list() == [key for key, *_ in texts]
