"""A real night looked back at: replayed as it was, and its households explained to be acted on."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.lookback.dispute import record
from pipelines.lookback.replay import replay
from pipelines.publish.explain import explain, explanation
from pipelines.publish.explain_person import told
from pipelines.publish.reading import past_night
from pipelines.rooms import ROOMS
from tests.acceptance.conftest import expected
from tests.oracle.identity import read_table

pytestmark = pytest.mark.long

FAMILIES: dict[str, Any] = {
    name: expected("hard_cases")["cases"][name] for name in ("wang", "gao", "peng")
}
WANTED = {
    "wang": [
        ("settlement", 169), ("income", 3), ("certificate", 1), ("condition", 7), ("help", 5),
    ],
    "gao": [("care", 7), ("death", 2), ("income", 1), ("condition", 2), ("help", 2)],
    "peng": [
        ("school_charge", 1), ("care", 4), ("death", 2), ("income", 1), ("condition", 1),
        ("help", 3),
    ],
}  # fmt: skip


def state(home: Path) -> dict[str, int]:
    """Every file of the HOME but scratch folders, with its time of change."""
    kept = {
        str(path.relative_to(home)): path.stat().st_mtime_ns
        for path in home.rglob("*")
        if path.is_file()
    }
    return {name: at for name, at in kept.items() if "/tmp/" not in name}


def test_a_night_comes_out_again_as_it_was_and_leaves_no_trace(hard_cases: Path) -> None:
    night = committed_nights(Home(hard_cases))[-1]
    before = state(hard_cases)
    found = replay(hard_cases, night, only=frozenset(ROOMS) - {"publish"})
    assert [table.table for table in found.tables if not table.same] == []
    compared = {table.table for table in found.tables}
    assert {"linkage.person_link", "hardship.alert", "hardship.case_event"} <= compared
    assert len(compared) > 80
    assert state(hard_cases) == before


def case_of(home: Path, name: str) -> str:
    """The case of the family on the first list that is stated for it."""
    listed = FAMILIES[name]["on_lists"][0]
    links = read_table(home / "restricted" / "identity.duckdb", "person_link")
    person = {
        f"{r['source']}/{r['dataset']} {r['record_key']}": r["person_id"] for r in links
    }[listed["of"]]  # fmt: skip
    monitoring = home / "published" / "monitoring.duckdb"
    people = {
        r["person_id"]: r["household_id"] for r in read_table(monitoring, "population.person")
    }
    (case,) = [
        r["case_id"]
        for r in read_table(monitoring, "hardship.case_file")
        if (r["household_id"], r["list"]) == (people[person], listed["list"])
    ]
    return str(case)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_family_is_explained_to_be_acted_on(name: str, hard_cases: Path) -> None:
    """Rules, sums that the rows add up to, where each row stands, and how each was recognised."""
    case_id = case_of(hard_cases, name)
    with past_night(hard_cases) as night:
        found = explanation(night, case_id)
    stated = {entry["rule"] for entry in FAMILIES[name]["alerts"]}
    assert {fired.rule["rule_id"] for fired in found.rules} <= stated
    counts: dict[str, int] = {}
    for row in found.evidence:
        counts[row.kind] = counts.get(row.kind, 0) + 1
        assert row.file_name.endswith(".csv") and row.row_number > 0
    assert sorted(counts.items()) == sorted(WANTED[name])
    assert found.household is not None
    assert found.counted_burden == found.household["medical_burden_12m"]
    assert {m["person_id"] for m in found.members} <= {link["person_id"] for link in found.links}
    console = Console(width=120, record=True, file=StringIO())
    console.print(explain(case_id, hard_cases))
    text = console.export_text()
    for word in ("为什么 why", "建议 suggest", "what is not certain", "依据 source", "F1 ="):
        assert word in text
    shown = [n for n in found.names.values() if n and n in text]
    assert shown == []


def test_who_is_not_flagged_is_told_why(hard_cases: Path) -> None:
    """A man whose stay was refunded whole: every rule that looks at him says so with numbers."""
    mention = "medical_insurance/insured_person HN1|390"
    links = read_table(hard_cases / "restricted" / "identity.duckdb", "person_link")
    (person,) = {
        r["person_id"]
        for r in links
        if f"{r['source']}/{r['dataset']} {r['record_key']}" == mention
    }
    with past_night(hard_cases) as night:
        found = told(night, person)
    assert found.rules is not None
    verdicts = {one.rule.rule_id: one for one in found.rules}
    general = verdicts["illness.burden_over_income.general"]
    assert (general.verdict, general.values["burden_in_scope_12m"]) == ("did_not_fire", 0)
    income = verdicts["tier.income_below_dibao"]
    assert (income.verdict, income.missing) == ("could_not_judge", ("income_per_head",))


def test_a_dispute_needs_a_case_a_role_and_words(hard_cases: Path) -> None:
    case = case_of(hard_cases, "wang")
    night = committed_nights(Home(hard_cases))[-1]
    for given, says in (
        (("C404", "本人", "x"), "no case C404"),
        ((case, "张三", "x"), "is a role, not a name"),
        ((case, "本人", " "), "--text is empty"),
    ):
        with pytest.raises(JiuzhulianError, match=says):
            record(hard_cases, *given, night)
    assert list(Home(hard_cases).disputes.glob("*.json")) == []
