"""The truth of a city as of a night: which rows of which dataset count, by key, scope and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Record = dict[str, Any]
Scope = tuple[Any, ...]
Believed = dict[Scope, dict[date, list[Record]]]
REGISTER = "medical_insurance/insured_person"
LOST_SHARE, LOST_ROWS = 0.1, 10
SNAPSHOTS = (
    "civil_affairs/assistance_household",
    "civil_affairs/assistance_member",
    "medical_insurance/insured_person",
    "medical_insurance/chronic_registration",
    "education/student",
    "rural_affairs/prevention_roster",
    "reference/region",
)
APPENDS = (
    "medical_insurance/settlement",
    "education/student_aid",
    "education/student_charge",
    "civil_affairs/assistance_payment",
    "civil_affairs/death_record",
    "civil_affairs/economic_check",
    "civil_affairs/field_report",
    "civil_affairs/disposition",
    "civil_affairs/social_service",
)


@dataclass(frozen=True)
class Version:
    """A snapshot row that counts: its newest accepted version."""

    row: Record
    first_seen: date
    left_on: date | None

    @property
    def current(self) -> bool:
        return self.left_on is None

    def __getitem__(self, name: str) -> Any:
        return self.row[name]


@dataclass
class Truth:
    """Everything a city's truth folder holds."""

    rows: dict[str, list[Record]]
    people: dict[int, Record]
    mentions: list[Record]


@dataclass
class Seen:
    """What counts on one night."""

    night: date
    snapshot: dict[str, list[Version]]
    append: dict[str, list[Record]]
    rolls: list[Record]
    quarantined_checks: set[str]
    people: dict[int, Record]
    first_dead: dict[str, date]
    first_in_family: dict[tuple[str, str], date]
    known: set[int] = field(default_factory=set)
    born_known: set[int] = field(default_factory=set)
    held: dict[bool, dict[int, set[str]]] = field(default_factory=dict)
    checked: dict[int, list[Record]] = field(default_factory=dict)

    def checks_of(self, uid: int) -> list[Record]:
        """The rows of economic checks of one person."""
        if not self.checked:
            for row in self.append["civil_affairs/economic_check"]:
                self.checked.setdefault(row["person_uid"], []).append(row)
        return self.checked.get(uid, [])

    def certificates_of(self, members: Iterable[int], *, current: bool) -> set[str]:
        """Numbers of certificates that name these people as member, or whose head they are."""
        if current not in self.held:
            index: dict[int, set[str]] = defaultdict(set)
            for version in self.snapshot["civil_affairs/assistance_member"]:
                if version.current or not current:
                    index[version["person_uid"]].add(version["certificate_no"])
            for version in self.snapshot["civil_affairs/assistance_household"]:
                index[version["head_uid"]].add(version["certificate_no"])
            self.held[current] = index
        return {number for uid in members for number in self.held[current].get(uid, ())}


def read(path: Path) -> list[Record]:
    return pq.read_table(path).to_pylist() if path.exists() else []


def load_truth(city: Path) -> Truth:
    """All rows of every dataset that the city ever delivers."""
    folder = Path(city) / "truth"
    rows = {n: read(folder / f"{n.replace('/', '__')}.parquet") for n in SNAPSHOTS + APPENDS}
    people = {row["person_uid"]: row for row in read(folder / "person.parquet")}
    return Truth(rows, people, read(folder / "mention.parquet"))


def seen(truth: Truth, night: date) -> Seen:
    """The rows that count on a night: newest accepted snapshots, appended rows corrected."""
    arrived = {name: there(rows, night) for name, rows in truth.rows.items()}
    certificates = _certificate_scopes(arrived["civil_affairs/assistance_household"])
    scopes: dict[str, Callable[[Record], Scope]] = {
        "civil_affairs/assistance_household": lambda r: (r["category"], county(r["region_code"])),
        "civil_affairs/assistance_member": lambda r: _scope_then(certificates, r),
        REGISTER: lambda r: (r["insurance_type"], county(r["insured_region"])),
        "medical_insurance/chronic_registration": lambda _: (),
        "education/student": lambda r: (r["stage"],),
        "rural_affairs/prevention_roster": lambda r: (r["monitor_type"], county(r["region_code"])),
        "reference/region": lambda _: (),
    }
    believed = {name: accepted(arrived[name], scopes[name]) for name in SNAPSHOTS}
    found = Seen(
        night,
        {name: newest(by_scope) for name, by_scope in believed.items()},
        {name: corrected(arrived[name]) for name in APPENDS},
        [
            row
            for by_date in believed["education/student"].values()
            for rows in by_date.values()
            for row in rows
        ],
        _checks_in_quarantine(truth, arrived, night),
        truth.people,
        _first_dead(believed[REGISTER]),
        _first_in_family(believed[REGISTER]),
    )
    found.known = {uid for rows in arrived.values() for r in rows for uid in named(r)}
    found.born_known = found.known & _born_known(truth, arrived, night)
    return found


def there(rows: Iterable[Record], night: date) -> list[Record]:
    return [  # arrived, and not unusable
        r
        for r in rows
        if r["arrives_on"] <= night and r["extract_date"] <= night and not r["quarantined"]
    ]


def corrected(rows: Iterable[Record]) -> list[Record]:
    """One row per key: of a later extract date, then received later, then further on."""
    by_key: dict[str, Record] = {}
    for row in sorted(rows, key=order):
        by_key[row["record_key"]] = row
    return list(by_key.values())


def order(row: Record) -> tuple[Any, ...]:
    return (row["extract_date"], row["arrives_on"], row["file"], row["row_number"])


def accepted(rows: Iterable[Record], scope_of: Callable[[Record], Scope]) -> Believed:
    """Rows by scope and extract date; a scope that shrank too much is not believed."""
    groups: dict[tuple[date, date], list[Record]] = defaultdict(list)
    for row in rows:
        groups[(row["arrives_on"], row["extract_date"])].append(row)
    found: Believed = defaultdict(dict)
    for arrives, extract in sorted(groups):
        split: dict[Scope, list[Record]] = defaultdict(list)
        for row in corrected(groups[(arrives, extract)]):
            split[scope_of(row)].append(row)
        for scope, members in split.items():
            before = [day for day in found[scope] if day <= extract]
            if before:
                had = len(found[scope][max(before)])
                lost = had - len(members)
                if lost >= LOST_ROWS and lost > LOST_SHARE * had:
                    continue
            found[scope][extract] = members
    return found


def _first_dead(believed: Believed) -> dict[str, date]:
    """Register key → extract date of the first snapshot that says dead."""
    found: dict[str, date] = {}
    for by_date in believed.values():
        for day, members in by_date.items():
            for row in members:
                if row["survival_status"] == "2":
                    key = row["record_key"]
                    found[key] = min(found.get(key, day), day)
    return found


def _first_in_family(believed: Believed) -> dict[tuple[str, str], date]:
    """(register key, family number) → first extract date that says so."""
    found: dict[tuple[str, str], date] = {}
    for by_date in believed.values():
        for day, members in by_date.items():
            for row in members:
                key = (row["record_key"], row["family_no"])
                found[key] = min(found.get(key, day), day)
    return found


def newest(believed: Believed) -> list[Version]:
    """One version per key, left where a newer believed extract of its scope lacks it."""
    first: dict[str, date] = {}
    last: dict[str, tuple[date, Scope, Record]] = {}
    for scope, by_date in believed.items():
        for day, members in by_date.items():
            for row in members:
                key = row["record_key"]
                first[key] = min(first.get(key, day), day)
                if key not in last or day > last[key][0]:
                    last[key] = (day, scope, row)
    versions = []
    for key, (day, scope, row) in last.items():
        later = [d for d in believed[scope] if d > day]
        versions.append(Version(row, first[key], min(later) if later else None))
    return versions


def county(code: str | None) -> str:
    return (code or "")[:6]


def named(row: Record) -> list[int]:
    """Everyone a row names."""
    return [v for k, v in row.items() if k.endswith("_uid") and v is not None and v >= 0]


def _certificate_scopes(rows: Iterable[Record]) -> dict[str, list[tuple[date, Scope]]]:
    found: dict[str, list[tuple[date, Scope]]] = defaultdict(list)
    for row in rows:
        scope = (row["category"], county(row["region_code"]))
        found[row["certificate_no"]].append((row["extract_date"], scope))
    return found


def _scope_then(certificates: dict[str, list[tuple[date, Scope]]], row: Record) -> Scope:
    """The scope of a member's certificate as it was when the member row was extracted."""
    found = certificates.get(row["certificate_no"], [])
    upto = [entry for entry in found if entry[0] <= row["extract_date"]]
    return max(upto)[1] if upto else ()


def _born_known(truth: Truth, arrived: dict[str, list[Record]], night: date) -> set[int]:
    """People whose birth date stands in a row, or within a number that can be used."""
    bearing: dict[int, set[str]] = defaultdict(set)
    for mention in truth.mentions:
        if mention["has_usable_number"] and mention["arrives_on"] <= night:
            bearing[mention["person_uid"]].add(f"{mention['source']}/{mention['dataset']}")
    by_number = {
        uid for uid, datasets in bearing.items()
        # a number that ends as a spreadsheet would round it is believed where two sources have it
        if len(datasets) > 1 or not str(truth.people[uid]["id_number"]).endswith("000")
    }  # fmt: skip
    by_date = {
        r["person_uid"]
        for rows in arrived.values()
        for r in rows
        if r.get("birth_date") is not None
    }
    return by_number | by_date


def _checks_in_quarantine(truth: Truth, arrived: dict[str, list[Record]], night: date) -> set[str]:
    """Checks of which a row was unusable and has not come back sound."""
    name = "civil_affairs/economic_check"
    sound = {r["record_key"] for r in arrived[name]}
    return {
        r["check_id"]
        for r in truth.rows[name]
        if r["quarantined"] and r["arrives_on"] <= night and r["record_key"] not in sound
    }
