"""Who is alive, dead or doubtful, present, a pupil, disabled, severely ill: interface §4.

Facts of single people from the rows that count; households and money do not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.oracle.load import Seen

# a person known from the death record alone is linked to nobody, so to nobody wrongly
SURE = ("register_key", "id_exact", "id_repaired", "single")
SEVERE_EXACT = ("M00503", "M08300", "M01200")
SEVERE_PREFIX = ("M078", "M0210")
WATCHED = ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户")


@dataclass
class Person:
    """What the registers say of one person on a night."""

    uid: int
    birth_date: date | None  # None: in no row, neither as a date nor within a usable number
    sex: str | None = None
    died_on: date | None = None
    doubtful: bool = False
    present: bool = True
    stage: str | None = None
    is_student: bool = False
    is_orphan: bool = False
    guardians: list[int] = field(default_factory=list)
    parents: set[int] = field(default_factory=set)
    disability_level: str | None = None
    labour_ability: str | None = None
    severe_chronic: bool = False
    former_poor: bool = False
    employee_insured: bool = False

    @property
    def alive(self) -> bool:
        """The doubtful count as living: nobody leaves anything by a doubtful death."""
        return self.died_on is None or self.doubtful

    def age(self, on: date) -> int | None:
        born = self.birth_date
        if born is None:
            return None
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def people(seen: Seen, death_methods: Mapping[str, str]) -> dict[int, Person]:
    """Everyone known by a night. death_methods: death record_key → how it was linked."""
    found = {uid: Person(uid, None) for uid in seen.known}
    for uid in seen.born_known:
        found[uid].birth_date = _day(seen.people[uid]["birth_date"])
        found[uid].sex = str(seen.people[uid]["sex"])
    _register(seen, found)
    _roll(seen, found)
    _certificates(seen, found)
    _illness(seen, found)
    for version in seen.snapshot["rural_affairs/prevention_roster"]:
        if version.current and version["monitor_type"] == "脱贫户":
            found[version["person_uid"]].former_poor = True
    _deaths(seen, found, death_methods)
    return found


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _register(seen: Seen, found: dict[int, Person]) -> None:
    """Presence from the newest row of each person on the insurance register."""
    newest: dict[int, list[Any]] = {}
    for version in seen.snapshot["medical_insurance/insured_person"]:
        newest.setdefault(version["person_uid"], []).append(version)
        if version.current and version["insurance_type"] == "310":
            found[version["person_uid"]].employee_insured = True
    for uid, versions in newest.items():
        last = max(v["extract_date"] for v in versions)
        statuses = {v["survival_status"] for v in versions if v["extract_date"] == last}
        found[uid].present = not statuses & {"3", "4"}


def _roll(seen: Seen, found: dict[int, Person]) -> None:
    for version in seen.snapshot["education/student"]:
        if not version.current:
            continue
        pupil = found[version["person_uid"]]
        pupil.is_student = True
        pupil.stage = version["stage"]
        pupil.is_orphan = pupil.is_orphan or bool(version["is_orphan"])
        pupil.guardians = [
            version[f"guardian{n}_uid"]
            for n in (1, 2)
            if version.row.get(f"guardian{n}_uid") is not None
        ]
    for row in seen.rolls:  # this and earlier rolls
        for n in (1, 2):
            guardian = row.get(f"guardian{n}_uid")
            relation = row[f"guardian{n}_relation"]
            if guardian is not None and relation in PARENT_RELATIONS:
                found[row["person_uid"]].parents.add(guardian)


PARENT_RELATIONS = ("父", "母", "50", "51", "52", "57", "58", "59")


def _certificates(seen: Seen, found: dict[int, Person]) -> None:
    """Disability and ability to work as the newest certificate row says them."""
    rows = [v for v in seen.snapshot["civil_affairs/assistance_member"] if v.current]
    for name in ("disability_level", "labour_ability"):
        said: dict[int, tuple[date, str]] = {}
        for version in rows:
            value, uid = version[name], version["person_uid"]
            if value is None:
                continue
            entry = (version["extract_date"], value)
            if uid not in said or entry[0] > said[uid][0]:
                said[uid] = entry
        for uid, (_, value) in said.items():
            setattr(found[uid], name, value)


def _illness(seen: Seen, found: dict[int, Person]) -> None:
    for version in seen.snapshot["medical_insurance/chronic_registration"]:
        code = version["disease_code"]
        severe = code in SEVERE_EXACT or code.startswith(SEVERE_PREFIX)
        begun = version["begin_date"] is None or version["begin_date"] <= seen.night
        open_ = version["end_date"] is None or version["end_date"] >= seen.night
        if version.current and severe and begun and open_:
            found[version["person_uid"]].severe_chronic = True


def _deaths(seen: Seen, found: dict[int, Person], methods: Mapping[str, str]) -> None:
    status_since: dict[int, date] = {}
    for version in seen.snapshot["medical_insurance/insured_person"]:
        if version["survival_status"] == "2":
            uid = version["person_uid"]
            day = seen.first_dead[version["record_key"]]
            status_since[uid] = min(status_since.get(uid, day), day)
    sure: dict[int, date] = {}
    weak: dict[int, date] = {}
    for row in seen.append["civil_affairs/death_record"]:
        kind = sure if methods.get(row["record_key"], "id_exact") in SURE else weak
        uid, day = row["person_uid"], row["death_date"]
        kind[uid] = min(kind.get(uid, day), day)
    last_treated = _last_treated(seen)
    for uid, person in found.items():
        died = sure.get(uid) or weak.get(uid) or status_since.get(uid)
        if died is None or died > seen.night:
            continue
        alone = uid not in sure and uid not in status_since
        treated = uid in last_treated and last_treated[uid] > died
        person.died_on = died
        person.doubtful = alone or treated


def _last_treated(seen: Seen) -> dict[int, date]:
    """The last day on which each person was treated: settlements that are no refunds."""
    found: dict[int, date] = {}
    for row in seen.append["medical_insurance/settlement"]:
        if row["total_cost"] < 0 or row["refunded"] in (True, "1"):
            continue
        day = row["begin_date"] or row["settled_at"].date()
        uid = row["person_uid"]
        found[uid] = max(found.get(uid, day), day)
    return found
