"""explain: the case, its rules, its people (masked) and the rows behind its numbers."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.errors import EXIT_COULD_NOT_RUN, NotFound
from pipelines.lake.dispute import Dispute
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest
from pipelines.lake.night import Night
from pipelines.publish.explain import explain, explanation, in_force, in_json
from pipelines.publish.explain_evidence import ranges
from pipelines.publish.explain_text import rendered
from pipelines.publish.explain_words import certainty, masked
from tests.publish.conftest import AS_OF, open_night, write, write_few

CASE = {
    "case_id": "C1", "list": "suspected_illness_poverty", "person_id": "P1", "household_id": "H1",
    "region_code": "371102001001", "tier": "none", "level": "red", "status": "open",
    "rule_ids": ["illness.burden"], "burden_12m": Decimal("30000"), "measure": 1.2,
    "identity_confidence": 0.97, "first_flagged_on": AS_OF, "last_flagged_on": AS_OF,
    "reason_zh": "疑似：负担过重", "reason_en": "Suspected: too high",
    "suggest": ["医疗救助"],
}  # fmt: skip
RULE = {"rule_id": "illness.burden", "title_zh": "负担过重", "title_en": "burden too high",
        "condition": "burden > line", "parameters": ["line"],
        "effective_from": date(2024, 1, 1)}  # fmt: skip


def settlement(number: int, burden: str) -> str:
    return (
        f"SELECT 'medical_insurance/settlement:s{number}' AS row_ref, 'psn_no:1' AS register_ref, "
        f"DATE '2026-10-0{number}' AS settled_on, '21' AS care_type, 100.00 AS total_cost, "
        f"{burden} AS personal_burden, 80.00 AS in_scope_cost, 50.00 AS fund_total, "
        f"FALSE AS refunded, 'medical_insurance' AS source, "
        f"'settlement' AS dataset, 'd1' AS delivery_id, {number} AS row_number"
    )


@pytest.fixture
def told(night: Night) -> Night:
    write_few(night)
    write(night, "hardship.case_file", [CASE])
    write(night, "hardship.alert", [{"rule_id": "illness.burden", "person_id": "P1",
          "household_id": "H1", "measure": 1.2, "threshold": 0.5, "level": "red",
          "reason_zh": CASE["reason_zh"], "reason_en": CASE["reason_en"]}])  # fmt: skip
    write(night, "meta.rule", [RULE])
    write(night, "meta.policy_parameter", [
        {"name": "line", "title_zh": "界线", "region": "37", "valid_from": date(2024, 1, 1),
         "value": 1.0, "source": "省"},
        {"name": "line", "title_zh": "界线", "region": "3711", "valid_from": date(2024, 1, 1),
         "value": 2.0, "source": "市公报"},
    ])  # fmt: skip
    write(night, "linkage.person_identity", [
        {"person_id": "P1", "name": "王小明"}, {"person_id": "P2", "name": "李四"}])  # fmt: skip
    write(night, "linkage.person_link", [
        {"source": "education", "dataset": "student", "record_key": "G371102200001010000",
         "person_id": "P1", "method": "probable", "probability": 0.97}])  # fmt: skip
    write(night, "linkage.person_ref", [{"person_ref": "psn_no:1", "person_id": "P1"}])
    write(night, "hardship.refund_pair", [
        {"negative_ref": "medical_insurance/settlement:s3", "paired_by": "original",
         "positive_ref": "medical_insurance/settlement:s2"}])  # fmt: skip
    for table in (
        "hardship.household_indicator",
        "hardship.person_indicator",
        "hardship.case_event",
        "hardship.superseded_settlement",
        "linkage.redirect",
        "population.person_attribute",
        "population.death",
        "population.household_income",
        "households.group_home",
        "hardship.medical_aid_payment",
    ):
        write(night, table, [])  # fmt: skip
    night.view(
        "standard.medical_spending",
        " UNION ALL ".join([settlement(1, "40"), settlement(2, "50"), settlement(3, "-50")]),
    )
    return night


def test_everything_behind_a_case(told: Night) -> None:
    found = explanation(told, "C1")
    assert found.counted_burden == Decimal("40")
    assert [(row.row_number, row.counts) for row in found.evidence] == [
        (3, False), (2, False), (1, True),
    ]  # fmt: skip
    assert [rule.rule["rule_id"] for rule in found.rules] == ["illness.burden"]
    assert [value.source for value in found.rules[0].values] == ["市公报"]
    assert {member["person_id"] for member in found.members} == {"P1", "P2"}


def test_names_are_masked_unless_asked_for(told: Night) -> None:
    console = Console(width=200, record=True, file=StringIO())
    console.print(rendered(explanation(told, "C1"), names=False, rows=40))
    hidden = console.export_text()
    assert "王*" in hidden and "王小明" not in hidden and "G371102" not in hidden
    assert "refund" in hidden and "市公报" in hidden and "疑似：负担过重" in hidden
    console.print(rendered(explanation(told, "C1"), names=True, rows=1))
    assert "王小明" in console.export_text()


def test_many_rows_are_summed_up_with_the_rows_that_they_are(told: Night) -> None:
    more = [settlement(n, "10") for n in (4, 5, 6, 8)]
    told.view("standard.medical_spending", " UNION ALL ".join([settlement(1, "40"), *more]))
    console = Console(width=200, record=True, file=StringIO())
    console.print(rendered(explanation(told, "C1"), names=False, rows=3))
    text = console.export_text()
    assert "× 5" in text and "F1:1, 4–6, 8" in text
    assert "合计 sum 80.00 · 范围内 in scope 150.00" in text
    console.print(rendered(explanation(told, "C1"), names=False, rows=None))
    assert console.export_text().count("F1:") == 5


def test_school_charges_help_and_certificates_stand_with_file_and_row(told: Night) -> None:
    came = {"delivery_id": "d9", "source": "education", "dataset": "student_charge"}
    write(told, "standard.education_charge", [
        {**came, "row_number": 7, "person_ref": "student_no:1", "charge_item": "学费",
         "amount_paid": Decimal(900), "paid_on": date(2026, 9, 1)},
        {**came, "record_key": "old", "row_number": 8, "person_ref": "student_no:1",
         "amount_paid": Decimal(100), "paid_on": date(2025, 9, 1)},
    ])  # fmt: skip
    write(told, "standard.help", [
        {**came, "kind": "student_aid", "row_number": 3, "person_ref": "student_no:1",
         "aid_type": "助学金", "amount": Decimal(500), "given_on": date(2026, 10, 1)},
        {**came, "kind": "payment", "row_number": 4, "group_key": "certificate:Z1",
         "aid_type": "低保金", "amount": Decimal(300), "given_on": date(2026, 11, 1)},
    ])  # fmt: skip
    write(told, "standard.tier_grant", [
        {"group_key": "certificate:Z1", "tier": "低保", "valid_from": date(2025, 1, 1),
         "annual_income": Decimal(7200), "row_number": 2}])  # fmt: skip
    write(told, "standard.tier_claim", [])
    write(told, "households.group_home", [{"group_key": "certificate:Z1", "household_id": "H1"}])
    write(told, "linkage.person_ref", [
        {"person_ref": "psn_no:1", "person_id": "P1"},
        {"person_ref": "student_no:1", "person_id": "P2"},
    ])  # fmt: skip
    found = explanation(told, "C1")
    rows = {
        (row.kind, row.row_number): (row.person_id, row.amount)
        for row in found.evidence
        if row.kind != "settlement"
    }
    assert rows == {
        ("school_charge", 7): ("P2", Decimal(900)), ("help", 3): ("P2", Decimal(500)),
        ("help", 4): (None, Decimal(300)), ("certificate", 2): (None, Decimal(7200)),
    }  # fmt: skip


def test_a_dispute_shows_at_once_and_its_words_only_when_asked_for(told: Night, home: Home) -> None:
    Dispute("D1", "C1", AS_OF, "本人", "不愿公示", "2026-11-18T10:00:00").save(home)
    Dispute("D2", "C1", date(2026, 11, 19), "本人", "再次", "2026-11-19T10:00:00").save(home)
    found = explanation(told, "C1")
    assert ([one.dispute_id for one in found.disputes], found.pending_disputes) == (["D1"], 1)
    assert "text" not in in_json(found, names=False)["disputes"][0]
    assert in_json(found, names=True)["disputes"][0]["text"] == "不愿公示"
    console = Console(width=200, record=True, file=StringIO())
    console.print(rendered(found, names=False, rows=3))
    text = console.export_text()
    assert "异议 dispute 2026-11-18" in text and "不愿公示" not in text


def test_machines_get_everything_but_names(told: Night) -> None:
    found = json.dumps(in_json(explanation(told, "C1"), names=False), default=str)
    assert "王小明" not in found and "G371102" not in found
    assert json.loads(found)["evidence"][0]["row_number"] == 3
    assert json.loads(found)["rules"][0]["values"][0]["source"] == "市公报"


def test_row_numbers_as_people_write_them() -> None:
    assert ranges([3, 1, 2, 7]) == "1–3, 7" and ranges([5]) == "5"


def test_an_unknown_case_is_a_clear_error(told: Night, home: Home) -> None:
    with pytest.raises(NotFound, match="no case C404") as error:
        explanation(told, "C404")
    assert error.value.exit_code == EXIT_COULD_NOT_RUN


def test_a_home_without_a_night(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no night yet"):
        explain("C1", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_it_reads_the_last_committed_night(home: Home) -> None:
    night = open_night(home)
    write(night, "hardship.case_file", [])
    Manifest(AS_OF, "r", "", "", "p", "", None, None, (), night.pointers()).save(home)
    night.close()
    with pytest.raises(NotFound, match="no case C1 on 2026-11-18"):
        explain("C1", home.root)


def test_the_parameter_in_force_is_the_longest_region_then_residence_then_latest() -> None:
    def value(region: str, residence: str | None, start: date, number: float) -> dict[str, object]:
        return {"name": "n", "title_zh": "", "title_en": "", "region": region, "value": number,
                "urban_rural": residence, "valid_from": start, "unit": None, "source": None,
                "assumption": False}  # fmt: skip

    values = [
        value("3711", None, date(2024, 1, 1), 1), value("3711", "rural", date(2023, 1, 1), 2),
        value("3711", "rural", date(2024, 1, 1), 3), value("3711", "rural", date(2027, 1, 1), 4),
        value("371102", "urban", date(2024, 1, 1), 5), value("37", "rural", date(2025, 1, 1), 6),
    ]  # fmt: skip
    found = in_force(values, "371102001001", "rural", AS_OF)
    assert found is not None and found.value == 3
    assert in_force(values, "110000000000", "rural", AS_OF) is None


def test_words() -> None:
    assert masked("王小明", show=False) == "王*" and masked(None, show=True) == "—"
    assert certainty(1.0).startswith("几乎确定") and certainty(0.5).startswith("不确定")
