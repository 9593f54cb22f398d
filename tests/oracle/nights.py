"""Nights of a city in which everything happens: a policy that changes between them, visits that
answer cases, and the other packs put to the same indicators.

Runs the pipeline as it is used; what must come of it is worked out by the rest of this folder.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pipelines.hardship import registry
from pipelines.lake.home import Home
from pipelines.nightly import open_night
from pipelines.run import run_night
from pipelines.settings import SCHEMAS, Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city
from tests.oracle.compare import Agreement, compare
from tests.oracle.help_compare import Waits
from tests.oracle.identity import Published, death_methods, identities, linked, read_published
from tests.oracle.indicators import Facts, facts, judged
from tests.oracle.load import Truth, load_truth

PACKS = SCHEMAS / "policies"
CITY_REGION = "3711"
Visit = tuple[frozenset[int], date]
#: what visits find, in turn
RESULTS = ("属实", "不属实", "属实", "已转介", "属实", "查无此人")
#: what another policy changes
JUDGED = (
    "meta.policy_parameter", "meta.rule", "hardship.parameter_in_force",
    "hardship.household_indicator", "hardship.alert", "quality.not_judged", "hardship.near_miss",
)  # fmt: skip
OF_POLICY = JUDGED[3:]


@dataclass
class Nights:
    """A synthetic city, run night by night; what each night published is kept."""

    city: Path
    settings: Settings
    nights: tuple[date, ...]
    visits: list[Visit] = field(default_factory=list)
    kept: dict[str, tuple[Path, Path]] = field(default_factory=dict)
    _truth: Truth | None = None

    @property
    def truth(self) -> Truth:
        if self._truth is None:
            self._truth = load_truth(self.city)
        return self._truth

    @property
    def waits(self) -> Waits:
        return Waits(self.settings.gap_confirmed_days, self.settings.gap_needs_days)

    def run(self, night: date, label: str | None = None, *, rebuild: bool = False) -> None:
        """One night, and a copy of its two files under a label."""
        stage(self.city, self.settings.landing, night)
        run_night(self.settings, night, rebuild=rebuild)
        folder = self.city.parent / "kept" / (label or night.isoformat())
        folder.mkdir(parents=True)
        found = (
            shutil.copy(self.settings.home / "published" / "monitoring.duckdb", folder),
            shutil.copy(self.settings.home / "restricted" / "identity.duckdb", folder),
        )
        self.kept[folder.name] = (Path(found[0]), Path(found[1]))

    def published(self, night: date) -> Published:
        return read_published(*self.kept[night.isoformat()])

    def answer(self, night: date, arrives_on: date, limit: int) -> int:
        """Visits to the open cases of a night, delivered on a later one; how many.

        To every third of the households visited, and to as many that nobody visited, temporary aid
        is paid on the day of the visits.
        """
        said = self.published(night)
        certain, _ = identities(linked(self.truth, said.links))
        homes: dict[str, set[int | None]] = {}
        for row in said.tables["population.person"]:
            homes.setdefault(row["household_id"], set()).add(certain.get(row["person_id"]))
        cases = [
            row for row in sorted(said.tables["hardship.case_file"], key=lambda r: r["case_id"])
            if row["status"] == "open" and None not in homes.get(row["household_id"], {None})
        ]  # fmt: skip
        self._pay([homes[c["household_id"]] for c in cases[: 2 * limit : 3]], night, arrives_on)
        rows = []
        for number, case in enumerate(cases[:limit]):
            result = RESULTS[number % len(RESULTS)]
            rows.append((case["case_id"], night.isoformat(), result))
            if result == "属实":
                members = frozenset(u for u in homes[case["household_id"]] if u is not None)
                self.visits.append((members, night))
        header = ("预警编号", "核查日期", "核查结果")
        self._deliver("disposition", f"hecha_{arrives_on:%Y%m%d}.csv", [header, *rows])
        return len(rows)

    def _pay(self, homes: list[set[int | None]], paid_on: date, arrives_on: date) -> None:
        """Temporary aid to one member of each household, in the truth as in the landing folder."""
        rows: list[tuple[Any, ...]] = []
        for number, members in enumerate(homes):
            uid = min(uid for uid in members if uid is not None)
            person, key = self.truth.people[uid], f"LS{arrives_on:%Y%m%d}{number:05}"
            rows.append(
                (key, person["name"], person["id_number"], "临时救助", 1500, paid_on, "民政局")
            )
            self.truth.rows["civil_affairs/assistance_payment"].append({
                "payment_id": key, "record_key": key, "person_uid": uid, "certificate_no": None,
                "aid_type": "临时救助", "subtype": None, "amount": Decimal(1500),
                "paid_on": paid_on, "benefit_month": None, "department": "民政局",
                "extract_date": arrives_on, "arrives_on": arrives_on, "file": "linshi",
                "row_number": number + 1, "quarantined": False, "change": None,
            })  # fmt: skip
        header = ("发放编号", "姓名", "身份证号", "救助项目", "发放金额", "发放日期", "发放部门")
        self._deliver("assistance_payment", f"linshi_{arrives_on:%Y%m%d}.csv", [header, *rows])

    def _deliver(self, dataset: str, name: str, rows: list[tuple[Any, ...]]) -> None:
        folder = self.settings.landing / "civil_affairs" / dataset
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        os.utime(path, (0, 0))  # complete: nobody has touched it for long

    def facts(self, night: date, said: Published) -> Facts:
        visits = [visit for visit in self.visits if visit[1] < night]
        return facts(self.truth, night, death_methods(said.links), visits)

    def agreement(self, night: date, of: Facts | None = None) -> Agreement:
        """One published night held against the truth."""
        said = self.published(night)
        of = of or self.facts(night, said)
        return compare(self.truth, judged(of, self.settings.policy), said, self.waits)

    def agreement_elsewhere(self, night: date, pack: str, of: Facts | None = None) -> Agreement:
        """The same night under another pack, as if the city lay in its region."""
        policy = transplanted(PACKS / pack, self.city.parent / "packs" / pack)
        said = self.published(night)
        of = of or self.facts(night, said)
        tables = put_to(self.settings, night, policy, self.city.parent / "scratch")
        other = Published({**said.tables, **tables}, said.links)
        return compare(self.truth, judged(of, policy), other, self.waits)


def city_of(folder: Path, people: int, seed: int) -> Nights:
    """A city with a policy of its own that changes from its first night to its last."""
    city = folder / "city"
    write_city(people, seed, city)
    plan = json.loads((city / "truth" / "city.json").read_text(encoding="utf-8"))
    nights = tuple(date.fromisoformat(text) for text in plan["nights"])
    policy = changing_policy(PACKS / "rizhao", folder / "policy" / "rizhao", nights)
    settings = Settings(
        landing=folder / "landing", home=folder / "home", policy=policy,
        # the nights lie too close for help to be late otherwise
        gap_confirmed_days=1, gap_needs_days=1,
    )  # fmt: skip
    return Nights(city, settings, nights)


def changing_policy(pack: Path, folder: Path, nights: tuple[date, ...]) -> Path:
    """A pack with another income from the second night on, a standard of one county and a rule
    that starts on the last night, and one that ends on it."""
    second, last = nights[1], nights[-1]
    parameters, rules = _read(pack)
    parameters["disposable_income_per_head"]["values"].append(
        {"region": CITY_REGION, "from": second, "value": 21000, "source": "example"}
    )
    parameters["dibao_standard"]["values"].append(
        {"region": "371121", "from": last, "value": 1200, "source": "example"}
    )
    ending = next(rule for rule in rules if rule["id"] == "tier.income_below_edge")
    ending["effective"]["to"] = last
    rules.append({
        "id": "illness.long_stay", "title": {"zh": "长期住院", "en": "a long time in hospital"},
        "grain": "person", "who": "true", "when": "inpatient_days_12m >= 40",
        "measure": "inpatient_days_12m", "threshold": 40,
        "level": {"red": 90, "orange": 60, "yellow": 40},
        "case": "suspected_illness_poverty", "effective": {"from": last}, "source": "example",
    })  # fmt: skip
    return _write(folder, parameters, rules)


def transplanted(pack: Path, folder: Path) -> Path:
    """A pack whose regions are the city's."""
    parameters, rules = _read(pack)
    covers = [str(code) for code in parameters.get("covers", [])]

    def here(code: str) -> str:
        own = next((c for c in covers if code.startswith(c)), None)
        return code if own is None else CITY_REGION[: len(own)] + code[len(own) :]

    parameters["covers"] = [CITY_REGION]
    for name, parameter in parameters.items():
        if name != "covers":
            for value in parameter["values"]:
                value["region"] = here(str(value["region"]))
    return _write(folder, parameters, rules)


def _read(pack: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    texts = [(pack / n).read_text(encoding="utf-8") for n in ("parameters.yaml", "rules.yaml")]
    return yaml.safe_load(texts[0]), yaml.safe_load(texts[1])


def _write(folder: Path, parameters: Mapping[str, Any], rules: Iterable[Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("parameters", dict(parameters)), ("rules", list(rules))):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def put_to(
    settings: Settings, night: date, policy: Path, scratch: Path
) -> dict[str, list[dict[str, Any]]]:
    """The tables that a policy decides, over a night as it was made; that night stays as it is."""
    shutil.rmtree(scratch, ignore_errors=True)
    home, copy = Home(settings.home), Home(scratch / "home").create()
    shutil.copytree(home.lake, copy.lake, copy_function=os.link, dirs_exist_ok=True)
    shutil.copy(home.key_file, copy.key_file)
    given = Settings(landing=settings.landing, home=copy.root, policy=policy)
    opened = open_night(given, night)
    try:
        for table in JUDGED:
            registry.build(table, opened)
        return {table: opened.frame(table).to_dicts() for table in OF_POLICY}
    finally:
        opened.close()
