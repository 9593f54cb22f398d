"""Deaths, tiers, who is monitored and what changed: the rules of the interface as small tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.night import Night
from tests.households.tiny_night import BOTH, FIRST, SECOND, THIRD, Tiny, commit, rows


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path, BOTH)


def deaths(night: Night) -> list[tuple[object, ...]]:
    return rows(night, "population.death", "person_id died_on doubtful doubt")


def tiers(night: Night) -> dict[str, tuple[str, list[str]]]:
    found = night.frame("population.monitored_person", ["person_id", "tier", "tiers"])
    return {person: (tier, listed) for person, tier, listed in found.iter_rows()}


def test_deaths_and_which_of_them_are_doubtful(tiny: Tiny) -> None:
    tiny.people("sure weak second status both treated refunded early later")
    tiny.died("sure", "2026-01-05")
    tiny.died("weak", "2026-01-05", method="probable")
    tiny.died("second", "2026-01-05", method="probable")
    tiny.said_dead("second", "2026-02-10")
    tiny.said_dead("status", "2026-02-10")
    tiny.died("both", "2026-01-05")
    tiny.said_dead("both", "2026-02-10")
    tiny.died("treated", "2026-01-05")
    tiny.treated("treated", "2026-03-01")
    tiny.died("refunded", "2026-01-05")
    tiny.treated("refunded", "2026-03-01", total_cost=-100.0)
    tiny.treated("refunded", "2026-03-02", refunded=True)
    # settled after the death, but begun before it
    tiny.died("early", "2026-01-05")
    tiny.treated("early", "2026-01-20", begin_on=date(2025, 12, 28))
    tiny.died("later", "2026-12-31")
    night = tiny.night()
    day, seen = date(2026, 1, 5), date(2026, 2, 10)
    assert deaths(night) == [
        ("both", day, False, None),
        ("early", day, False, None),
        ("refunded", day, False, None),
        ("second", day, False, None),
        ("status", seen, False, None),
        ("sure", day, False, None),
        ("treated", day, True, "treated_after"),
        ("weak", day, True, "weak_link"),
    ]
    alive = dict(rows(night, "population.person", "person_id alive"))
    assert sorted(word for word, is_alive in alive.items() if is_alive) == [
        "later", "treated", "weak",
    ]  # fmt: skip


def test_a_corrected_settlement_no_longer_shows_treatment(tiny: Tiny) -> None:
    tiny.people("a")
    tiny.died("a", "2026-01-05")
    tiny.treated("a", "2026-03-01")
    ref = "medical_insurance/settlement:Sa2026-03-01"
    tiny.treated("a", "2026-01-02", row_ref=ref, extract_date=SECOND, received_order=2)
    assert deaths(tiny.night(THIRD)) == [("a", date(2026, 1, 5), False, None)]


def test_a_settlement_sent_to_another_person_does_not_count(tiny: Tiny) -> None:
    tiny.people("a b")
    tiny.died("a", "2026-01-05")
    tiny.died("b", "2026-01-05")
    tiny.treated("a", "2026-03-01")
    tiny.rows["linkage.redirect"].append(
        {
            "row_ref": "medical_insurance/settlement:Sa2026-03-01", "register_ref": "psn_no:a",
            "person_id": "b", "method": "id_exact", "probability": 1.0,
        }
    )  # fmt: skip
    assert [(who, doubtful) for who, _, doubtful, _ in deaths(tiny.night())] == [
        ("a", False), ("b", True),
    ]  # fmt: skip


def test_tiers_hold_half_open_and_end_with_death(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b c d", start="2025-03-01", end="2026-11-18", not_covered="b")
    tiny.certificate("C2", "e", tier="特困", start="2025-03-01", end="2026-11-19")
    tiny.certificate("C3", "f g", tier="低保边缘", start="2025-03-01")
    tiny.roster("R1", "f h", "2026-01-15", "2026-11-19")
    tiny.died("c", "2026-02-01")
    tiny.died("d", "2026-02-01", method="probable")
    tiny.died("g", "2026-11-18")
    night = tiny.night(FIRST)
    start, day = date(2025, 3, 1), date(2026, 1, 15)
    assert rows(night, "population.tier_history", "person_id tier valid_from valid_to") == [
        ("a", "低保", start, date(2026, 11, 18)),
        ("c", "低保", start, date(2026, 2, 1)),
        ("d", "低保", start, date(2026, 11, 18)),
        ("e", "特困", start, date(2026, 11, 19)),
        ("f", "低保边缘", start, None),
        ("f", "防止返贫监测", day, date(2026, 11, 19)),
        ("g", "低保边缘", start, date(2026, 11, 18)),
        ("h", "防止返贫监测", day, date(2026, 11, 19)),
    ]
    assert tiers(night) == {
        "e": ("特困", ["特困"]),
        "f": ("防止返贫监测", ["防止返贫监测", "低保边缘"]),
        "h": ("防止返贫监测", ["防止返贫监测"]),
    }


def test_all_six_layers_in_their_order(tmp_path: Path) -> None:
    """国办发〔2023〕39号: each layer, somebody in five of them, and 其他 where no other is."""
    tiny, _ = with_case(tmp_path)
    tiny.certificate("C1", "c")
    for number, tier in enumerate(("特困", "低保", "低保边缘", "刚性支出困难")):
        tiny.certificate(f"S{number}", f"only{number}", tier=tier)
        tiny.certificate(f"M{number}", "many", tier=tier)
    tiny.roster("R1", "watched many", "2026-01-15")
    visited(tiny, SECOND)
    found = tiers(tiny.night(THIRD))
    assert {who: tier for who, (tier, _) in found.items()} == {
        "only0": "特困", "only1": "低保", "watched": "防止返贫监测", "only2": "低保边缘",
        "only3": "刚性支出困难", "a": "其他", "b": "其他", "c": "低保", "many": "特困",
    }  # fmt: skip
    assert found["many"][1] == [
        "特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难",
    ]  # fmt: skip


def test_spans_that_touch_are_one_and_since_goes_over_tiers(tiny: Tiny) -> None:
    tiny.certificate("C1", "a", start="2024-01-01", end="2025-01-01")
    tiny.certificate("C2", "a", start="2025-01-01", end="2026-01-01")
    tiny.certificate("C3", "a", tier="低保边缘", start="2026-01-01")
    night = tiny.night()
    assert rows(night, "population.tier_history", "tier valid_from valid_to") == [
        ("低保", date(2024, 1, 1), date(2026, 1, 1)),
        ("低保边缘", date(2026, 1, 1), None),
    ]
    assert rows(night, "population.monitored_person", "tier since valid_from") == [
        ("低保边缘", date(2024, 1, 1), date(2026, 1, 1))
    ]


def test_a_household_is_in_a_tier_when_every_living_member_is(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b", not_covered="b")
    tiny.certificate("C2", "c d e")
    tiny.certificate("C3", "d", tier="特困")
    tiny.died("e", "2025-06-01")
    night = tiny.night()
    assert rows(night, "population.household", "size tier any_tier") == [
        (2, "none", "低保"), (2, "低保", "特困"),
    ]  # fmt: skip


def with_case(tmp_path: Path) -> tuple[Tiny, str]:
    """A first night with a case of household a b c (c has 低保), and the next night's rows."""
    before = Tiny(tmp_path, BOTH)
    before.family("F1", "a b c")
    before.certificate("C1", "c")
    night = before.night(FIRST)
    household = night.frame("population.person", ["household_id"])["household_id"][0]
    columns = night.promise("hardship.case_file").columns
    values: dict[str, object] = {"case_id": "K1", "household_id": household}
    filler = {"VARCHAR": "x", "DATE": FIRST, "INTEGER": 1, "VARCHAR[]": ["x"], "BOOLEAN": False}
    night.write(
        "hardship.case_file",
        pl.DataFrame({c.name: [values.get(c.name, filler.get(c.type))] for c in columns}),
    )
    commit(night)
    after = Tiny(tmp_path, BOTH)
    after.family("F1", "a b c")
    return after, household


def visited(tiny: Tiny, on: date, result: str = "属实") -> None:
    tiny.row(
        "standard.disposition", "civil_affairs/disposition", f"K1|{on}",
        case_id="K1", checked_on=on, result=result,
    )  # fmt: skip


def test_a_confirmed_visit_gives_the_others_of_the_household_a_tier(tmp_path: Path) -> None:
    tiny, _ = with_case(tmp_path)
    tiny.certificate("C1", "c", end="2027-01-01")
    visited(tiny, SECOND)
    night = tiny.night(THIRD)
    assert {who: tier for who, (tier, _) in tiers(night).items()} == {
        "a": "其他", "b": "其他", "c": "低保",
    }  # fmt: skip
    # when the certificate ends, 其他 takes over for the rest of the 12 months
    assert ("c", "其他", date(2027, 1, 1), date(2027, 11, 19)) in rows(
        night, "population.tier_history", "person_id tier valid_from valid_to"
    )
    assert rows(night, "population.change", "person_id change from_tier to_tier") == [
        ("a", "entered", "none", "其他"), ("b", "entered", "none", "其他"),
        ("c", "initial", "none", "低保"),
    ]  # fmt: skip


def test_a_visit_that_found_nothing_gives_no_tier(tmp_path: Path) -> None:
    tiny, _ = with_case(tmp_path)
    visited(tiny, SECOND, "不属实")
    assert tiers(tiny.night(THIRD)) == {}


def test_changes_from_night_to_night_and_their_reasons(tmp_path: Path) -> None:
    before = Tiny(tmp_path, BOTH)
    before.certificate("C1", "stays moves dies ends uncovered doubted")
    commit(before.night(FIRST))
    after = Tiny(tmp_path, BOTH)
    after.certificate("C1", "stays dies uncovered doubted", not_covered="uncovered")
    after.certificate("C2", "ends", end="2026-11-19")
    after.certificate("C3", "moves", tier="特困", start="2026-11-01")
    after.roster("R1", "comes", "2026-11-10")
    after.died("dies", "2026-11-18")
    after.died("doubted", "2026-11-18", method="probable")
    night = after.night(SECOND)
    found = night.frame("population.change").filter(pl.col("as_of") == SECOND)
    told = {row["person_id"]: row for row in found.iter_rows(named=True)}
    assert {who: (r["change"], r["from_tier"], r["to_tier"]) for who, r in told.items()} == {
        "moves": ("moved", "低保", "特困"),
        "dies": ("left", "低保", "none"),
        "ends": ("left", "低保", "none"),
        "uncovered": ("left", "低保", "none"),
        "comes": ("entered", "none", "防止返贫监测"),
    }
    assert {who: r["reason_en"] for who, r in told.items()} == {
        "moves": "a certificate is in force, from 2026-11-01",
        "dies": "died on 2026-11-18",
        "ends": "the certificate ended on 2026-11-19",
        "uncovered": "the newest extracts no longer say so",
        "comes": "listed on the monitoring roster, from 2026-11-10",
    }
    assert {who: r["reason"] for who, r in told.items()} == {
        "moves": "救助证有效，起于 2026-11-01",
        "dies": "死亡，日期 2026-11-18",
        "ends": "救助证停保或到期，止于 2026-11-19",
        "uncovered": "最新数据中不再享受",
        "comes": "列入监测名册，起于 2026-11-10",
    }
    assert "doubted" not in told and tiers(night)["doubted"] == ("低保", ["低保"])
    assert len(night.frame("population.change").filter(pl.col("as_of") == FIRST)) == 6
