"""The whole room on an invented town: right, the same again, and under ids that stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import linkage
from pipelines.contracts.promises import load_promises
from pipelines.engine.sql import read_sql, to_spark
from pipelines.lake.night import PIPELINES, Night
from pipelines.linkage import names

from . import nights
from .town import AS_OF, Town, build, frame, number, row


@pytest.fixture(scope="module")
def town() -> Town:
    return build(1500, seed=11, dirt=2.0)


@pytest.fixture(scope="module")
def first(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    made = nights.linked(nights.night(tmp_path_factory.mktemp("home"), AS_OF, frame(town.mentions)))
    yield made
    made.close()


def pairs(groups: dict[str, object], keys: list[str]) -> int:
    sizes: dict[object, int] = {}
    for key in keys:
        sizes[groups[key]] = sizes.get(groups[key], 0) + 1
    return sum(size * (size - 1) // 2 for size in sizes.values())


def grouping(persons: dict[str, str]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for key, person in persons.items():
        groups.setdefault(person, set()).add(key)
    return {frozenset(members) for members in groups.values()}


def test_every_mention_has_a_person_and_the_truth_is_met(town: Town, first: Night) -> None:
    persons = nights.persons(first)
    assert set(persons) == set(town.truth)
    keys = sorted(persons)
    both: dict[str, object] = {key: (persons[key], town.truth[key]) for key in keys}
    right = pairs(both, keys)
    assert right / pairs(dict(persons), keys) >= 0.999
    assert right / pairs(dict(town.truth), keys) >= 0.98


def test_shuffled_rows_give_the_same_ids(town: Town, first: Night, tmp_path: Path) -> None:
    shuffled = frame(town.mentions).sample(fraction=1.0, shuffle=True, seed=3)
    second = nights.night(tmp_path, AS_OF, shuffled)
    second.__dict__["key"] = first.key
    assert nights.persons(nights.linked(second)) == nights.persons(first)
    second.close()


def test_every_reference_leads_to_a_person(first: Night) -> None:
    references = dict(first.frame("linkage.person_ref", ["person_ref", "person_id"]).iter_rows())
    features = first.frame("linkage.mention_feature", ["mention_key", "register_ref"])
    assert set(features["mention_key"]) <= set(references)
    assert set(features["register_ref"].drop_nulls()) <= set(references)


def test_the_report_counts_every_mention(town: Town, first: Night) -> None:
    report = first.frame("quality.match_report").filter(pl.col("subgroup") == "all")
    assert report["rows"].sum() == len(town.mentions)
    parts = report.select(
        pl.col("linked_by_id") + pl.col("linked_by_probability") + pl.col("unlinked")
    ).to_series()
    assert parts.to_list() == report["rows"].to_list()


def test_statements_run_on_spark_too() -> None:
    for path in sorted((PIPELINES / "linkage").glob("*.sql")):
        to_spark(read_sql(path))


def test_pairs_are_counted_by_blocking_rule(first: Night) -> None:
    rows = first.frame("linkage.profile").to_dicts()
    counted = {row["rule"]: row for row in first.frame("quality.blocking").to_dicts()}
    for rule, column in (("phone", "phones"), ("sound_and_birth", None)):
        values = [set(row[column] or ()) if column else
                  {(row["sound"], row["birth_text"])} - {(row["sound"], None), (None, None)}
                  for row in rows]  # fmt: skip
        pairs = sum(
            len(values[a] & values[b])
            for a in range(len(rows)) for b in range(a)
            if rows[a]["is_open"] or rows[b]["is_open"]
        )  # fmt: skip
        assert pairs == counted[rule]["pairs"] > 0
    opened = sum(row["is_open"] for row in first.frame("linkage.entity").to_dicts())
    assert {row["open_entities"] for row in counted.values()} == {opened}


def test_who_has_no_number_is_missed_where_more_of_them_are_alone(first: Night) -> None:
    counts = first.frame("linkage.match_count")
    report = first.frame("quality.match_report").filter(pl.col("subgroup") == "all")
    looked_at = 0
    for line in report.to_dicts():
        own = counts.filter(source=line["source"], dataset=line["dataset"])

        def total(column: str, bare: bool | None, own: pl.DataFrame = own) -> int:
            some = own if bare is None else own.filter(pl.col("has_no_number") == bare)
            return int(some[column].sum())

        if not total("unlinked", True) or not total("mentions", False):
            continue
        alone = total("unlinked", False) / total("mentions", False)
        beyond = max(0.0, total("unlinked", True) - alone * total("mentions", True))
        missed = beyond + total("missed_millionths", False) / 1e6
        expected = missed / (missed + total("right_millionths", None) / 1e6)
        assert line["estimated_missed_match_rate"] == pytest.approx(expected, abs=2e-6)
        looked_at += 1
    assert looked_at


def test_every_table_is_promised_and_made() -> None:
    promises = load_promises()
    for table in linkage.TABLES:
        assert promises[table].room == "linkage"
        assert callable(getattr(linkage, table.split(".")[1]))


BORN, CHILD_BORN = date(1980, 1, 2), date(2018, 9, 9)
GROWN, CHILD, OTHER = number(BORN, 1, "1"), number(CHILD_BORN, 5, "2"), number(BORN, 40, "1")


def small(root: Path, rows: list[dict[str, object]], as_of: date = AS_OF, **more: pl.DataFrame
          ) -> Night:  # fmt: skip
    return nights.linked(nights.night(root, as_of, frame(rows), **more))


def insured(key: str, **values: object) -> dict[str, object]:
    return row("medical_insurance/insured_person", f"{key}|390", register_domain="psn_no",
               register_key=key, **values)  # fmt: skip


def background(people: int = 60) -> list[dict[str, object]]:
    """Other people, so that a name is not half the town's."""
    return [mention for mention in build(people, seed=5).mentions if "insured" in str(
        mention["dataset"])]  # fmt: skip


def test_a_name_alone_joins_nobody(tmp_path: Path) -> None:
    made = small(tmp_path, [
        *background(),
        insured("A", name="欧阳予倩", id_number=GROWN, birth_date=BORN),
        row("civil_affairs/social_service", "S1", name="欧阳予倩"),
    ])  # fmt: skip
    persons = nights.persons(made)
    assert (
        persons["civil_affairs/social_service:S1"]
        != (persons["medical_insurance/insured_person:A|390"])
    )
    made.close()


def test_twins_under_damaged_numbers_stay_apart(tmp_path: Path) -> None:
    twins = [number(CHILD_BORN, 7, "2"), number(CHILD_BORN, 8, "2")]
    shared = {"birth_date": CHILD_BORN, "sex": "2", "phone": "13900000001",
              "group_keys": ["family:F"], "region_code": "990102001001"}  # fmt: skip
    made = small(tmp_path, [
        *background(),
        insured("A", name="林小雨", id_number=twins[0], **shared),
        insured("B", name="林小雪", id_number=twins[1], **shared),
        row("education/student", "J1", name="林小雨", register_domain="student_no",
            register_key="J1", **{**shared, "group_keys": ["student:J1"]}),
        row("education/student", "J2", name="林小雪", register_domain="student_no",
            register_key="J2", **{**shared, "group_keys": ["student:J2"]}),
    ])  # fmt: skip
    persons = nights.persons(made)
    a, b = (persons[f"medical_insurance/insured_person:{k}|390"] for k in "AB")
    assert a != b
    assert persons["education/student:J1"] == a
    assert persons["education/student:J2"] == b
    made.close()


def test_a_payment_that_names_certificate_and_name_finds_its_person(tmp_path: Path) -> None:
    certificate = ["certificate:C1"]
    made = small(tmp_path, [
        *background(),
        row("civil_affairs/assistance_member", "C1|1|林小雨", name="林小雨", id_number=GROWN,
            birth_date=BORN, group_keys=certificate),
        row("civil_affairs/assistance_payment", "Z1", name="林小雨", group_keys=certificate),
    ])  # fmt: skip
    link = (
        made.frame("linkage.mention_link").filter(pl.col("record_key") == "Z1").row(0, named=True)
    )
    assert link["method"] == "probable"
    assert len(set(nights.persons(made).values())) == len(nights.persons(made)) - 1
    made.close()


def test_a_number_is_repaired_where_one_person_fits(tmp_path: Path) -> None:
    wrong = GROWN[:9] + str((int(GROWN[9]) + 1) % 10) + GROWN[10:]
    made = small(tmp_path, [
        insured("A", name="林建国", id_number=GROWN, birth_date=BORN),
        row("civil_affairs/death_record", "D1", name="林建国", id_number=wrong,
            id_status="invalid", birth_date=BORN),
        row("civil_affairs/death_record", "D2", name="林建国", id_number=GROWN[:15] + "000",
            id_status="rounded"),
        row("civil_affairs/death_record", "D3", name="林建", id_number=wrong,
            id_status="invalid", birth_date=CHILD_BORN),
    ])  # fmt: skip
    links = {r["record_key"]: r for r in made.frame("linkage.mention_link").iter_rows(named=True)}
    assert links["D1"]["method"] == links["D2"]["method"] == "id_repaired"
    assert links["D1"]["person_id"] == links["A|390"]["person_id"]
    assert links["D3"]["person_id"] != links["A|390"]["person_id"]
    made.close()


def chronic(rows: list[tuple[str, str, str, str | None]]) -> pl.DataFrame:
    """Registrations: record_key, psn_no, name, id_number (valid)."""
    return pl.DataFrame({
        "record_key": [r[0] for r in rows], "delivery_id": ["d"] * len(rows),
        "row_number": list(range(len(rows))), "extract_date": [AS_OF] * len(rows),
        "first_seen_on": [AS_OF] * len(rows), "psn_no": [r[1] for r in rows],
        "name": [r[2] for r in rows],
        "id_number": [r[3] for r in rows],
        "id_number_status": ["valid" if r[3] else "missing" for r in rows],
    }, schema_overrides={"id_number": pl.String})  # fmt: skip


def test_rows_with_anothers_key_are_redirected(tmp_path: Path) -> None:
    rows = chronic([
        ("A|M1", "A", "林建国", GROWN),      # the holder's own
        ("A|M2", "A", "陈立新", OTHER),      # another known person's number and name
        ("A|M3", "A", "林建国", OTHER),      # another's number, but not the name
        ("X|M1", "X", "陈立新", OTHER),      # nobody holds the key
    ])  # fmt: skip
    made = small(tmp_path, [
        insured("A", name="林建国", id_number=GROWN, birth_date=BORN),
        insured("B", name="陈立新", id_number=OTHER, birth_date=BORN),
    ], chronic_registration=rows)  # fmt: skip
    persons = nights.persons(made)
    redirect = {r["row_ref"].split(":")[1]: r["person_id"]
                for r in made.frame("linkage.redirect").iter_rows(named=True)}  # fmt: skip
    other = persons["medical_insurance/insured_person:B|390"]
    assert redirect == {"A|M2": other, "X|M1": other}
    assert persons["medical_insurance/chronic_registration:X|M1"] == other
    made.close()


def test_ids_survive_and_merges_and_splits_are_told(tmp_path: Path) -> None:
    alone = insured("A", name="林小雨", birth_date=CHILD_BORN)
    pupil = row("education/student", "J1", name="林小雨", id_number=CHILD, birth_date=CHILD_BORN,
                register_domain="student_no", register_key="J1")  # fmt: skip
    before = [*background(), alone, {**pupil, "birth_date": date(2014, 1, 1), "id_number": None,
                                     "id_status": "missing"}]  # fmt: skip
    night = small(tmp_path, before)
    old = nights.persons(night)
    a, s = "medical_insurance/insured_person:A|390", "education/student:J1"
    assert old[a] != old[s]
    nights.commit(night)
    merged = small(tmp_path, [*background(), {**alone, "id_number": CHILD, "id_status": "valid"},
                              pupil], AS_OF + timedelta(days=1))  # fmt: skip
    new = nights.persons(merged)
    assert new[a] == new[s] and new[a] in (old[a], old[s])
    assert {k: v for k, v in new.items() if k not in (a, s)} == {
        k: v for k, v in old.items() if k not in (a, s)}  # fmt: skip
    changes = merged.frame("linkage.person_id_change", ["old_id", "new_id", "change"]).rows()
    gone = ({old[a], old[s]} - {new[a]}).pop()
    assert changes == [(gone, new[a], "merged")]
    nights.commit(merged)
    again = small(tmp_path, before, AS_OF + timedelta(days=2))
    parted = nights.persons(again)
    assert parted[a] != parted[s]
    assert gone not in parted.values()
    told = again.frame("linkage.person_id_change", ["old_id", "change"]).rows()
    assert sorted(change for _, change in told) == ["merged", "split"]
    again.close()


def test_two_of_one_household_list_are_not_one_person(tmp_path: Path) -> None:
    """Twins whose names sound alike, without numbers; nor where other registers hold them."""
    twins = [
        row("civil_affairs/assistance_member", f"C1||{name}", name=name,
            birth_date=date(2018, 5, 5), group_keys=["certificate:C1"])
        for name in ("钱雨桐", "钱雨彤")
    ]  # fmt: skip
    found = nights.linked(nights.night(tmp_path / "two", AS_OF, frame(twins)))
    assert len(set(nights.persons(found).values())) == 2
    review = found.frame("linkage.match_review")
    assert review["reason"].to_list() == ["would join two people of one list"]
    assert review["reason_zh"].to_list() == ["会把同一户名单中的两人并为一人"]
    found.close()
    # the one that left the list is the other under a corrected name
    corrected = [{**twins[0], "is_current": False}, twins[1]]
    found = nights.linked(nights.night(tmp_path / "one", AS_OF, frame(corrected)))
    assert len(set(nights.persons(found).values())) == 1
    found.close()


def test_changed_word_lists_reach_every_table(tmp_path: Path) -> None:
    """A surname that is read otherwise parts two names under one number, without a row changing."""
    who = {"id_number": number(date(1970, 5, 5), 77, "1"), "birth_date": date(1970, 5, 5)}
    rows = [
        row("medical_insurance/insured_person", "L1", name="单伟国", register_domain="psn_no",
            register_key="L1", **who),
        row("civil_affairs/death_record", "L2", name="善伟国", **who),
    ]  # fmt: skip
    first = nights.linked(nights.night(tmp_path, AS_OF, frame(rows)))
    assert len(set(nights.persons(first).values())) == 1
    nights.commit(first)
    single, compound = names._surnames()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "_surnames", lambda: ({**single, "单": "dan"}, compound))
        patch.setattr(names, "lookups", lambda: "others")
        second = nights.linked(nights.night(tmp_path, AS_OF + timedelta(days=1), frame(rows)))
    assert len(set(nights.persons(second).values())) == 2
    second.close()
