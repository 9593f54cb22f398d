"""A small town whose nights go through hardship and orders, and whose sheets come back.

Rows are written to a real lake through real promises; returned sheets land through real intake.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import yaml

from pipelines import orders
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.hardship import registry
from pipelines.intake.land import land
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.lake.receipt import Receipt
from pipelines.orders import WrittenOut
from tests.hardship.world import RIZHAO, World, commit

DATASET = "civil_affairs/disposition"
COUNTY, TOWN = "371102", "371102001"
REGIONS = {
    "371102000000": "东港区", "371102001000": "秦楼街道", "371102001001": "前街社区",
    "371102001002": "后街社区", "371102002000": "石臼街道", "371102002001": "海边社区",
}  # fmt: skip
RULES = ("tier.income_below_dibao", "child.orphan_without_tier", "field.report")
MORE = ("standard.region", "linkage.person_identity", "population.tier_history")


def few_rules(folder: Path) -> Path:
    """The default policy with three of its rules, since what orders need of rules is little."""
    if not folder.exists():
        folder.mkdir()
        shutil.copy(RIZHAO / "parameters.yaml", folder)
        rules = yaml.safe_load((RIZHAO / "rules.yaml").read_text(encoding="utf-8"))
        kept = [rule for rule in rules if rule["id"] in RULES]
        assert len(kept) == len(RULES)
        text = yaml.safe_dump(kept, allow_unicode=True)
        (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder


@dataclass
class Town:
    """A world, its outbox and its landing folder."""

    root: Path
    world: World = field(init=False)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    nights: dict[date, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.root, policy=few_rules(self.root / "policy"))
        for code, name in REGIONS.items():
            self.world.add("standard.region", region_code=code, name=name, level=4)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def outbox(self) -> Path:
        return self.root / "home" / "restricted" / "outbox"

    def poor(self, word: str, village: str = "371102001001", *, income: float = 1000,
             **values: Any) -> None:  # fmt: skip
        """Somebody living alone whose income is far below the line: one case, tier_candidate."""
        values = {"name": f"甲{word}", "phone": "13900000000", "id_number": "990102198001010017",
                  "address": "幸福路1号", **values}  # fmt: skip
        identity = {k: values.pop(k) for k in ("name", "phone", "id_number", "address")}
        self.world.person(word, f"H{word}", region_code=village, **values)
        self.world.household(f"H{word}", region_code=village, annual_income=income)
        self.world.add("linkage.person_identity", person_id=word, **identity)

    @contextmanager
    def opened(self, as_of: date, *, rebuild: bool = False) -> Iterator[Night]:
        with self.world.night(as_of, rebuild=rebuild) as night:
            night.settings = night.settings.model_copy(update={"landing": self.landing})
            promises = load_promises()
            for table in MORE:
                columns = [
                    (c.name, c.type, not c.nullable or c.name in promises[table].key)
                    for c in promises[table].columns
                ]
                night.write(table, World._frame(columns, self.world.rows.get(table, [])))
            yield night

    def run(self, as_of: date, *, rebuild: bool = False) -> WrittenOut:
        """Land what lies there, make both rooms, commit, lay sheets into the outbox."""
        self._land(as_of)
        with self.opened(as_of, rebuild=rebuild) as night:
            for table in registry.TABLES:
                registry.build(table, night)
            for table in orders.TABLES:
                orders.build(table, night)
            commit(night)
            written = orders.write_outbox(night)
            self.tables = {
                table: night.frame(table).to_dicts()
                for table in (*orders.TABLES, "hardship.case_file", "hardship.case_event")
            }
        self.nights[as_of] = self.tables
        return written

    def _land(self, as_of: date) -> None:
        self.landing.mkdir(exist_ok=True)
        home = Home(self.root / "home").create()
        summary = land(home, self.landing, load_contracts(), load_codes(), as_of,
                       f"run-{as_of}", 0, "500MB", lambda _: None)  # fmt: skip
        self.receipts += summary.receipts
        for receipt in summary.receipts:
            if receipt.status == "landed" and receipt.parquet:
                for row in pl.read_parquet(home.lake / receipt.parquet).to_dicts():
                    self.world.add(
                        "standard.disposition", source="civil_affairs", dataset="disposition",
                        record_key=row["record_key"], delivery_id=row["delivery_id"],
                        row_number=row["row_number"], extract_date=row["extract_date"],
                        case_id=row["case_id"], checked_on=row["checked_on"],
                        result=row["result"], reason_code=row["reason"],
                    )  # fmt: skip

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        return [
            row for row in self.tables[table]
            if all(row[name] == value for name, value in wanted.items())
        ]  # fmt: skip

    def case_of(self, word: str) -> dict[str, Any]:
        (case,) = self.rows("hardship.case_file", household_id=f"H{word}", list="tier_candidate")
        return case

    def sheet(self, as_of: date, audience: str = "township", region: str = TOWN) -> Path:
        (found,) = [
            path for path in (self.outbox / audience / region).glob(f"*_{as_of:%Y%m%d}.xlsx")
            if not path.name.startswith("退回")
        ]  # fmt: skip
        return found

    def answers(self) -> list[Path]:
        """Marked copies of all nights."""
        return sorted(self.outbox.glob("**/退回_*.xlsx"))

    def hand_in(self, book: openpyxl.Workbook, name: str) -> Path:
        folder = self.landing / DATASET
        folder.mkdir(parents=True, exist_ok=True)
        book.save(folder / name)
        return folder / name


@dataclass
class Form:
    """A sheet as somebody has it open on a screen."""

    book: openpyxl.Workbook

    @classmethod
    def open(cls, path: Path) -> Form:
        return cls(openpyxl.load_workbook(path))

    @property
    def page(self) -> Any:
        return self.book.worksheets[0]

    @property
    def header(self) -> int:
        return next(
            row for row in range(1, 12)
            if any(cell.value == "核查结果" for cell in self.page[row])
        )  # fmt: skip

    def column(self, word: str) -> int:
        return next(int(c.column) for c in self.page[self.header] if c.value == word)

    @property
    def words(self) -> list[str]:
        return [str(c.value) for c in self.page[self.header] if c.value]

    def row_of(self, case_id: str) -> int:
        at = self.column("预警编号")
        return next(row for row in range(self.header + 1, self.page.max_row + 1)
                    if self.page.cell(row, at).value == case_id)  # fmt: skip

    def write(self, row: int, **values: Any) -> None:
        words = {"result": "核查结果", "day": "核查日期", "reason": "原因说明",
                 "who": "核查人身份", "case": "预警编号", "number": "序号"}  # fmt: skip
        for name, value in values.items():
            self.page.cell(row, self.column(words[name])).value = value
