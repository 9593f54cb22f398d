"""What analysts may open: the list decides, small counts are empty, texts of files show no name."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import publish
from pipelines.contracts.promises import load_promises
from pipelines.errors import ConfigurationFault
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish.audience import (
    allowed_promises,
    audience,
    audience_faults,
    left_out,
    shown_texts,
)
from pipelines.settings import SCHEMAS
from tests.publish.conftest import write_few
from tests.publish.test_files import build_all, rows

REPORT = "orders.monthly_report"
FIGURES = ("entries", "persons", "households", "amount")


def listed_otherwise(folder: Path, change: Any) -> Path:
    """schemas with another list of audiences."""
    schemas = folder / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    path = schemas / "publish" / "audiences.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return schemas


def test_every_column_of_every_promise_has_a_class() -> None:
    for path in sorted((SCHEMAS / "tables").glob("*/*.yml")):
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        lacking = [column["name"] for column in raw["columns"] if "class" not in column]
        assert (path.name, lacking) == (path.name, [])


def test_a_column_without_a_class_is_a_fault(tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    path = schemas / "tables" / "meta" / "run.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("class: public, ", "", 1), encoding="utf-8")
    with pytest.raises(ConfigurationFault, match="class"):
        load_promises(schemas)


def test_the_list_and_the_promises_agree() -> None:
    assert audience_faults(SCHEMAS) == []
    assert left_out(SCHEMAS) == []


def test_what_is_not_listed_is_not_written(tmp_path: Path, night: Night, home: Home) -> None:
    """A column and a table that were taken off the list are in no file, nor in its dictionary."""

    def shorter(raw: Any) -> None:
        tables = raw["audiences"][0]["tables"]
        tables["population.person"].remove("birth_year")
        del tables["population.household_member"]

    schemas = listed_otherwise(tmp_path, shorter)
    night.settings = night.settings.model_copy(update={"schemas": schemas})
    write_few(night)
    build_all(night)
    publish.monitoring_file(night)
    found = rows(home.monitoring, "SELECT column_name FROM duckdb_columns() "
                 "WHERE table_name IN ('person', 'household_member')")  # fmt: skip
    assert ("sex",) in found and ("birth_year",) not in found and ("relation",) not in found
    told = rows(home.monitoring, "SELECT table_name, column_name FROM meta.dictionary")
    assert ("population.person", "birth_year") not in told
    assert "population.person.birth_year" in left_out(schemas)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw["audiences"][0]["classes"].append("identifying"), "classes are some of"),
        (lambda raw: raw["audiences"][0]["classes"].remove("sensitive"), "may not see"),
        (lambda raw: raw["audiences"][0]["tables"].update({"linkage.profile": ["name"]}),
         "no published table"),
        (lambda raw: raw["audiences"][0]["tables"]["meta.run"].append("wages"), "no column wages"),
        (lambda raw: raw["audiences"][0]["tables"]["meta.run"].remove("as_of"), "is of its key"),
        (lambda raw: raw.update({"masked": {"meta.run": ["nothing"]}}), "masked"),
        (lambda raw: raw.update({"audiences": [{"id": "analyst"}]}), "needs id"),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_says_so(tmp_path: Path, change: Any, says: str) -> None:
    schemas = listed_otherwise(tmp_path, change)
    assert any(says in fault for fault in audience_faults(schemas))
    with pytest.raises(ConfigurationFault):
        allowed_promises(schemas)


def suppressed(given: list[tuple[str, int, int]], threshold: int = 5) -> list[Any]:
    """(county, persons, households) of one row per township through the real statement."""
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE t (month DATE, report VARCHAR, item VARCHAR, county_code VARCHAR, "
        "township_code VARCHAR, entries INTEGER, persons INTEGER, households INTEGER, "
        "amount DECIMAL(18,2))"
    )
    for number, (county, persons, households) in enumerate(given):
        con.execute(
            "INSERT INTO t VALUES (?, 'added', '低保', ?, ?, ?, ?, ?, ?)",
            [date(2026, 10, 1), county, f"{county}{number:03}", persons, persons, households, 1],
        )
    sql = audience(SCHEMAS).rows(allowed_promises(SCHEMAS)[REPORT], "t", threshold)
    found = con.execute(f"SELECT * FROM ({sql}) ORDER BY township_code").fetchall()
    con.close()
    return found


def test_a_small_count_and_the_next_smallest_are_left_empty() -> None:
    found = suppressed([("371121", 2, 2), ("371121", 9, 8), ("371121", 7, 7), ("371122", 9, 9)])
    emptied = [row[5:] == (None,) * 4 for row in found]
    assert emptied == [True, False, True, False]


def test_households_count_as_people_do() -> None:
    assert suppressed([("371121", 0, 3)])[0][5:] == (None,) * 4


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["371121", "371122"]), st.integers(0, 12), st.integers(0, 12)),
        max_size=8,
    ),
    st.integers(2, 6),
)
def test_no_total_gives_a_small_count_away(
    given: list[tuple[str, int, int]], threshold: int
) -> None:
    """Who knows every total and every figure that is shown knows no small count."""
    totals: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    ordered = sorted(enumerate(given), key=lambda one: f"{one[1][0]}{one[0]:03}")
    for row, (_, (county, persons, households)) in zip(
        suppressed(given, threshold), ordered, strict=True
    ):
        small = any(1 <= count < threshold for count in (persons, households))
        assert not (small and row[5] is not None)
        assert row[5] in (None, persons)
        if row[5] is None:
            totals[county].append((persons, households))
    counties = [county for county, _, _ in given]
    for county, hidden in totals.items():
        people = sum(max(pair) for pair in hidden)
        everything = len(hidden) == counties.count(county)
        assert everything or (len(hidden) > 1 and people >= threshold)


def test_texts_of_files_show_no_name() -> None:
    shown = shown_texts(["低保|371121", "龘靐齉|371121", "爩麤灪|371121", "蟲蟲電話"])
    assert shown["低保|371121"] == "低保|371121"
    assert "龘" not in "".join(shown.values()) and "蟲" not in "".join(shown.values())
    assert len(set(shown.values())) == 4
