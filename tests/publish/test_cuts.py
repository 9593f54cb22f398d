"""The list that says which rows are a place's: complete, and wrong in no way that is not said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.check import check_all
from pipelines.contracts.promises import load_promises
from pipelines.errors import ConfigurationFault
from pipelines.publish.places.cuts import cut_faults, load_cuts
from pipelines.settings import SCHEMAS


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    copy = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, copy)
    return copy


def changed(path: Path, change: Callable[[Any], object]) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")


def test_every_published_table_has_a_cut() -> None:
    assert cut_faults(SCHEMAS) == []
    published = {name for name, promise in load_promises().items() if promise.published is True}
    assert set(load_cuts(SCHEMAS)) == published


def test_rows_that_name_somebody_are_cut() -> None:
    """No table with an id of a person, household or case goes out whole."""
    cuts = load_cuts(SCHEMAS)
    for name, promise in load_promises().items():
        if promise.published is not True:
            continue
        pseudonyms = [column.name for column in promise.columns if column.class_ == "pseudonym"]
        assert not pseudonyms or cuts[name].by, name


def test_a_new_published_table_fails_the_check(schemas: Path) -> None:
    changed(
        schemas / "tables" / "population" / "minor_care.yml", lambda raw: raw.update(published=True)
    )
    columns = load_promises(schemas)["population.minor_care"].column_names
    changed(
        schemas / "publish" / "audiences.yaml",
        lambda raw: raw["audiences"][0]["tables"].update({"population.minor_care": list(columns)}),
    )
    with pytest.raises(ConfigurationFault) as found:
        check_all(schemas, SCHEMAS / "policies" / "rizhao")
    assert [fault for fault in found.value.faults if "places.yaml" in fault] == [
        "schemas/publish/places.yaml: population.minor_care: is published, and nothing says which "
        "of its rows are a place's"
    ]


@pytest.mark.parametrize(
    ("table", "told", "says"),
    [
        ("meta.rule", {}, "needs either by, or rows"),
        ("meta.rule", {"rows": "some"}, "needs either by, or rows"),
        ("population.person", {"by": ["person_id"], "rows": "all"}, "needs either by, or rows"),
        ("population.person", {"by": ["wages"]}, "has no column wages"),
        ("population.person", {"by": ["sources"]}, "sources is no text"),
        ("quality.expectation", {"rows": "all", "empty": ["success"]}, "success may not be empty"),
        ("quality.expectation", {"rows": "none", "empty": ["basis"]}, "go with rows: all"),
        ("meta.run", {"rows": "all", "counted": ["checks"]}, "nothing says how checks is counted"),
        ("meta.rule", {"rows": "recounted"}, "has no statement"),
        ("quality.rule_yield", {"rows": "all", "wanted": ["yield"]}, "KeyError"),
        ("linkage.profile", {"rows": "none"}, "is no published table"),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_says_so(
    schemas: Path, table: str, told: dict[str, Any], says: str
) -> None:
    changed(schemas / "publish" / "places.yaml", lambda raw: raw["tables"].update({table: told}))
    assert any(says in fault for fault in cut_faults(schemas)), cut_faults(schemas)
    with pytest.raises(ConfigurationFault):
        load_cuts(schemas)


def test_a_recount_over_what_is_not_there_is_a_fault(schemas: Path) -> None:
    changed(
        schemas / "publish" / "places.yaml",
        lambda raw: raw["tables"].update({"hardship.case_file": {"rows": "none"}}),
    )
    assert cut_faults(schemas) == [
        "schemas/publish/places.yaml: quality.rule_yield: its statement reads hardship.case_file, "
        "which a place's file does not hold"
    ]
