"""Events, the chain, totals, who is entitled, referrals and the spreadsheets of departments."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest

from pipelines import assistance
from pipelines.assistance.catalogue import load_catalogue
from pipelines.assistance.fields import FIELDS
from pipelines.assistance.outbox import Outbox, write_referrals
from pipelines.contracts.promises import load_promises
from pipelines.settings import ROOT, SCHEMAS
from tests.assistance.world import ON, Helped, ago
from tests.hardship.world import World

Rows = dict[str, list[dict[str, Any]]]
BAD_NAME = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rows, Path, Outbox]]:
    """The tables of a night, its HOME and what went into the outbox."""
    world = Helped(tmp_path_factory.mktemp("chain"))
    _people(world)
    with world.open() as night:
        for table in assistance.TABLES:
            assistance.build(table, night)
        written = write_referrals(night)
        first = {p: p.read_bytes() for p in night.home.outbox.rglob("*.xlsx")}
        write_referrals(night)
        assert {p: p.read_bytes() for p in night.home.outbox.rglob("*.xlsx")} == first
        rows = {t.split(".")[1]: night.frame(t).to_dicts() for t in assistance.TABLES}
        yield rows, night.home.root, written


def _people(world: Helped) -> None:
    world.person("grandmother", "H1", relation="户主", age=77,
                 identity={"name": BAD_NAME, "phone": "000", "address": "+somewhere"})  # fmt: skip
    world.person("child", "H1", tier="低保", is_student=True, stage="2",
                 identity={"name": "童", "id_number": "990102201801010018"})  # fmt: skip
    world.certificate("C1", "grandmother,child")
    world.paid("grandmother", "低保金", ago(40), 500, certificate="C1", month=date(2026, 10, 1))
    world.paid(None, "低保金", ago(10), 500, certificate="C1", month=date(2026, 11, 1))
    world.paid(None, "临时救助", ago(9), 70)
    world.served("grandmother", ago(20))
    world.settled("child", "S1", ago(60), 300)
    paid_again = world.paid("child", "医疗救助", ago(30), 300.01, department="市医疗保障局")
    world.add("hardship.medical_aid_payment", person_id="child", given_on=ago(30), amount=300.01,
              row_ref=f"civil_affairs/assistance_payment:{paid_again}",
              repeats_settlement=True)  # fmt: skip
    world.paid("child", "医疗救助", ago(500), 40, department="市医疗保障局")
    world.paid("child", "其他", ago(5), 1, department="某基金会")
    world.person("unknown amount", "H2")
    world.paid("unknown amount", "临时救助", ago(3), None)
    world.case("grandmother", "K1", household_id="H1", suggest=["医疗救助", "教育救助"],
               reason_zh="疑似：甲。", reason_en="Suspected: one.", level="orange")  # fmt: skip
    world.person("disabled", "H3", disability_level="一")
    world.person("cared for", "H4", disability_level="一")
    world.paid("cared for", "残疾人两项补贴", ago(20), 120)
    world.add("standard.field_report", source="civil_affairs", dataset="field_report",
              record_key="R1", delivery_id="d", row_number=1, extract_date=ON, report_id="R1",
              reported_on=ago(4), mention_key="ref:disabled", difficulty=["住房", "疾病"],
              region_code="371102001001")  # fmt: skip


def test_each_piece_of_help_is_an_event_and_a_repetition_is_none(made: Any) -> None:
    events = made[0]["event"]
    assert len(events) == 9
    assert len({e["event_id"] for e in events}) == 9
    (settled,) = [e for e in events if e["kind"] == "settlement"]
    assert (settled["amount"], settled["paid_on"]) == (300, ago(30))
    assert settled["department"] == "医保"  # of whose rows they are, since none is named


def test_departments_are_called_by_one_word(made: Any) -> None:
    said = {(e["aid_type"], e["department"]) for e in made[0]["event"]}
    assert ("低保金", "民政") in said
    assert ("医疗救助", "医保") in said
    assert ("其他", "某基金会") in said  # nobody knows it: as the file says
    kinds = {e["aid_type"]: e["special_assistance"] for e in made[0]["event"]}
    assert kinds["其他"] == "other"


def test_help_that_names_nobody_goes_to_the_certificates_home(made: Any) -> None:
    nobody = [e for e in made[0]["event"] if e["person_id"] is None]
    assert {(e["aid_type"], e["household_id"]) for e in nobody} == {
        ("低保金", "H1"), ("临时救助", None),
    }  # fmt: skip


def test_no_key_of_a_row_stands_in_an_event(made: Any) -> None:
    shown = repr(made[0]["event"]) + repr(made[0]["chain"])
    assert "assistance_payment:" not in shown
    assert all(e["event_id"].startswith("F") and len(e["event_id"]) == 25 for e in made[0]["event"])


def test_the_chain_is_in_order_and_sums_what_is_known(made: Any) -> None:
    chains = {c["household_id"]: c for c in made[0]["chain"]}
    days = [event["given_on"] for event in chains["H1"]["events"]]
    assert days == sorted(days)
    assert len(days) == chains["H1"]["events_all"] == 6
    assert chains["H1"]["total_12m"] == 500 + 500 + 300 + 1
    assert chains["H1"]["first_on"] == ago(500)
    assert chains["H1"]["departments"] == ["医保", "政府购买服务", "某基金会", "民政"]
    assert chains["H2"]["total_12m"] is None  # unknown is not zero
    (service,) = [e for e in chains["H1"]["events"] if e["kind"] == "service"]
    assert (service["amount"], service["hours"]) == (None, 2)


def test_totals_by_kind_and_department(made: Any) -> None:
    (row,) = [
        t
        for t in made[0]["total"]
        if (t["household_id"], t["special_assistance"]) == ("H1", "medical")
    ]
    assert (row["total_all"], row["total_12m"], row["events_12m"]) == (340, 300, 1)


def test_who_should_look_at_whom(made: Any) -> None:
    asked = {
        (r["household_id"], r["special_assistance"]): (r["department"], r["basis"], r["level"])
        for r in made[0]["referral"]
    }
    assert asked[("H1", "medical")] == ("medical_insurance", ["case"], "orange")
    education = asked[("H1", "education")]
    assert education == ("education", ["case", "entitlement", "gap"], "orange")
    assert asked[("H3", "care")] == ("civil_affairs", ["entitlement"], None)
    assert asked[("H3", "housing")] == ("housing", ["field_report"], None)
    assert ("H4", "care") not in asked  # has it already


def test_an_entitlement_says_tier_place_day_and_source(made: Any) -> None:
    rows = made[0]["entitlement"]
    assert {r["region"] for r in rows} == {"3711"}
    assert all(r["source"] and r["valid_from"] for r in rows)
    assert {r["tier"] for r in rows if r["entitlement_id"] == "medical.rigid"} == {"刚性支出困难"}


def test_spreadsheets_hold_the_allowed_fields_and_nobody_else_reads_them(made: Any) -> None:
    rows, home, written = made
    outbox = home / "restricted" / "outbox"
    departments = {d.department: d for d in load_catalogue(SCHEMAS).departments}
    files = sorted(outbox.rglob("*.xlsx"))
    assert written == Outbox(len(files), len(rows["referral"]))
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        sheet = pl.read_excel(path, infer_schema_length=0)
        allowed = departments[path.parent.name].outbox
        assert sheet.columns == [f"{FIELDS[n].zh}\n{FIELDS[n].en}" for n in allowed]
        mine = [r for r in rows["referral"] if r["department"] == path.parent.name]
        assert sheet.height == len(mine)
    assert "reasons" not in departments["education"].outbox
    assert not departments["rural_affairs"].outbox
    assert not (outbox / "rural_affairs").exists()


def test_no_cell_is_a_formula(made: Any) -> None:
    path = made[1] / "restricted" / "outbox" / "civil_affairs" / f"referrals_{ON}.xlsx"
    education = path.parent.parent / "education" / path.name
    seen = pl.read_excel(education)["户主姓名\nhead of household"].to_list()
    assert f" {BAD_NAME}" in seen
    for file in (path, education):
        with ZipFile(file) as book:
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_a_cases_whole_life_in_one_query(tmp_path: Path) -> None:
    """The query of the manual, from the settlement that raised a case to its answer."""
    world = Helped(tmp_path)
    world.person("patient")
    world.spent("patient", ago(150), 100)
    world.spent("patient", ago(101), 30_000, stay=9)
    world.case("patient", "K1", first_flagged_on=ago(100), status="helped")
    world.paid("patient", "医疗救助", ago(20), 4000, department="医保局")
    steps = [("opened", 100, None), ("checked", 60, "属实"), ("confirmed", 60, "属实")]
    with world.open() as night:
        for table in assistance.TABLES:
            assistance.build(table, night)
        promise = load_promises()["hardship.case_event"]
        columns = [(c.name, c.type, True) for c in promise.columns]
        rows = [
            {"case_id": "K1", "sequence": place, "event": event, "occurred_on": ago(days),
             "recorded_at": ON, "detail": detail}
            for place, (event, days, detail) in enumerate(steps, 1)
        ]  # fmt: skip
        night.write("hardship.case_event", World._frame(columns, rows))
        query = (ROOT / "docs" / "queries" / "a_cases_whole_life.sql").read_text(encoding="utf-8")
        life = night.query(query).to_dicts()
    assert [(s["step"], s["what"], s["amount"], s["note"]) for s in life] == [
        ("settlement", "other", 100, None),
        ("settlement", "inpatient", 30_000, "raised it"),
        ("opened", None, None, None),
        ("checked", "属实", None, None),
        ("confirmed", "属实", None, None),
        ("help", "医疗救助 · 医保", 4000, "since it was flagged"),
    ]
