"""Published files of invented nights, written straight into the promised tables, for the bulletin.

A city with many townships, a first night without history, a night on which nothing was found.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.promises import Promise, load_promises
from pipelines.publish.analysis import add_questions

NIGHT = date(2026, 11, 20)
LEVELS = ("red", "orange", "yellow")
TIERS = ("特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难", "其他")
FILLED: dict[str, Any] = {
    "VARCHAR": "x", "DATE": NIGHT, "TIMESTAMP": datetime(2026, 11, 20, 2), "BOOLEAN": False,
    "INTEGER": 1, "BIGINT": 0, "DOUBLE": 1.0, "DECIMAL(18,2)": 1, "DECIMAL(12,2)": 1,
    "VARCHAR[]": [],
}  # fmt: skip
Rows = list[dict[str, Any]]
TIER_OF = (0, 1, 1, 1, 2, 3, 4, 4)
LEVEL_OF = (0, 1, 1, 2, 2, 2)
LIVES = """
INSERT INTO population.person BY NAME
SELECT $code || '-' || n AS person_id, $code || '-' || n AS household_id, true AS alive,
       $code AS region_code FROM range($count) AS listed (n)
"""
IS_KNOWN = """
INSERT INTO hardship.person_indicator BY NAME
SELECT person_id, household_id, region_code, 30 AS age, 'none' AS tier
FROM population.person WHERE region_code = $code
"""
LIVES_ALONE = """
INSERT INTO population.household BY NAME
SELECT $code || '-' || n AS household_id, $code AS region_code, 1 AS size,
       n % 3 = 0 AS income_known FROM range($count) AS listed (n)
"""


def published(path: Path, residents: dict[str, int] | None = None, **tables: Rows) -> Path:
    """A published file with these rows (``population__person=[…]``); what is not given is empty.

    ``residents``: how many people live alone in each region, a third of them with a known income.
    """
    with duckdb.connect(str(path)) as con:
        names = []
        for promise in load_promises().values():
            if promise.published is True:
                _table(con, promise, tables.get(promise.table.replace(".", "__"), []))
                names.append(promise.table)
        for code, count in (residents or {}).items():
            con.execute(LIVES, {"code": code, "count": count})
            con.execute(IS_KNOWN, {"code": code})
            con.execute(LIVES_ALONE, {"code": code, "count": count})
        add_questions(con, names, 5)
    return path


def _table(con: duckdb.DuckDBPyConnection, promise: Promise, rows: Rows) -> None:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in promise.columns)
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {promise.schema}")
    con.execute(f"CREATE TABLE {promise.table} ({columns})")
    marks = ", ".join("?" for _ in promise.columns)
    full = [
        [
            row.get(c.name, FILLED.get(c.type) if c.name in promise.key or not c.nullable else None)
            for c in promise.columns
        ]
        for row in rows
    ]  # fmt: skip
    if full:
        con.executemany(f"INSERT INTO {promise.table} VALUES ({marks})", full)


def run(**given: Any) -> Rows:
    return [{"as_of": NIGHT, "policy": "rizhao", "policy_version": "a1", "code_version": "0.1.0",
             "previous_night": None, "checks": 400, "files_received": 30} | given]  # fmt: skip


#: what each figure gains from night to night
GROWTH = {"open_cases": 3, "red": 1, "orange": 1, "yellow": 1, "confirmed_cases": 2,
          "monitored_persons": 3, "gap_findings": -0.5}  # fmt: skip
TONIGHT = {"persons": 230_000, "households": 90_000, "monitored_persons": 9_132, "entered": 19,
           "gone": 2, "alerts": 200, "open_cases": 900, "red": 150, "orange": 300, "yellow": 450,
           "new_cases": 21, "closed_cases": 9, "confirmed_cases": 148, "overdue_rows": 12,
           "gap_findings": 18, "overlap_findings": 6}  # fmt: skip


def history(nights: int, **last: Any) -> Rows:
    """Nights up to tonight; figures grow slowly, and new cases dip below what may be shown."""
    tonight = TONIGHT | last
    rows = []
    for ago in range(nights - 1, 0, -1):
        row = {name: max(0, round(count - GROWTH.get(name, 0) * ago)) if isinstance(count, int)
               else count for name, count in tonight.items()}  # fmt: skip
        row |= {"as_of": NIGHT - timedelta(days=ago), "policy_version": "a1",
                "new_cases": 3 + 4 * (ago * ago % 7), "closed_cases": 7 + ago % 3}  # fmt: skip
        rows.append(row)
    return [*rows, {"as_of": NIGHT, "policy_version": "a1"} | tonight]


def quiet(path: Path) -> Path:
    """A first night with one resident, no case, no tier and no file."""
    person = {"person_id": "P1", "household_id": "H1", "alive": True, "region_code": None}
    nothing = dict.fromkeys(
        ("open_cases", "red", "orange", "yellow", "new_cases", "closed_cases", "confirmed_cases",
         "overdue_rows", "monitored_persons", "entered", "gone", "gap_findings",
         "overlap_findings"), 0,
    )  # fmt: skip
    return published(
        path, meta__run=run(), meta__night_history=history(1, **nothing),
        population__person=[person], population__household=[{"household_id": "H1", "size": 1}],
    )  # fmt: skip


def city(path: Path, counties: int = 6, townships: int = 12, nights: int = 45) -> Path:
    """Many townships: most with a few cases, some with none, one case that nobody can place."""
    regions: Rows = []
    residents: dict[str, int] = {}
    cases: Rows = []
    lines: Rows = []
    for c in range(counties):
        county = f"99{10 + c:02d}21"
        regions.append(_region(county + "000000", f"第{c + 1}县", 3))
        for t in range(townships):
            code = f"{county}{t + 1:03d}000"
            regions.append(_region(code, f"第{t + 1}镇", 4, county, f"第{c + 1}县"))
            residents[code] = 1_500 + 400 * ((c * 5 + t * 7) % 9)
            for n in range((c * 7 + t * 5) % 31):
                cases.append(_case(f"{c}-{t}-{n}", code, LEVELS[LEVEL_OF[n % 6]], n))
    cases.append(_case("nowhere", None, "red", 0))
    lines = [
        {"case_id": case["case_id"], "kind": "visit", "household_id": case["household_id"],
         "state": "open", "first_ordered_on": NIGHT} for case in cases[: len(cases) // 2]
    ]  # fmt: skip
    levels = {level: sum(case["level"] == level and case["status"] == "open" for case in cases)
              for level in LEVELS}  # fmt: skip
    flagged = {"open_cases": sum(levels.values()),
               "new_cases": sum(case["first_flagged_on"] == NIGHT for case in cases)}  # fmt: skip
    before = NIGHT - timedelta(days=1)
    return published(
        path,
        meta__run=run(previous_night=before, checks_failed=1),
        meta__region=regions,
        meta__night_history=history(nights, **levels, **flagged),
        meta__rule=[_rule(n) for n in range(6)],
        residents=residents,
        population__monitored_person=[
            {"person_id": f"M{n}", "household_id": f"M{n}", "tier": TIERS[TIER_OF[n % 8]]}
            for n in range(9_000)
        ],
        population__change=[
            {"person_id": f"M{n}", "change": "entered", "from_tier": None, "to_tier": TIERS[n % 2]}
            for n in range(12)
        ],
        hardship__case_file=cases,
        orders__order_line=lines,
        quality__freshness=_freshness(),
        quality__rule_yield=[
            {"rule_id": f"rule.{n}", "flagged": 60 - 9 * n, "checked": 30 - 5 * n,
             "confirmed": 20 - 4 * n} for n in range(6)
        ],
        quality__match_report=_matches(),
        assistance__finding_share=[
            {"finding": f"finding_{n}", "is_gap": n < 4, "title_zh": f"疑似问题{n}",
             "title_en": f"finding {n}", "looked_at": 200, "found": 48 - 8 * n,
             "certain": 30 - 5 * n, "held_back": n == 1} for n in range(6)
        ],
    )  # fmt: skip


def _region(code: str, name: str, level: int, county: str | None = None,
            county_name: str | None = None) -> dict[str, Any]:  # fmt: skip
    return {"region_code": code, "name": name, "level": level, "county_code": county,
            "county_name": county_name}  # fmt: skip


def _case(name: str, region: str | None, level: str, n: int) -> dict[str, Any]:
    visited = n % 4 == 3
    return {
        "case_id": f"C{name}", "household_id": f"H{name}", "region_code": region, "level": level,
        "list": ("suspected_illness_poverty", "income_expenditure", "child_protection")[n % 3],
        "tier": "none", "status": "confirmed" if visited and n > 6 else "open",
        "first_flagged_on": NIGHT if n == 12 else NIGHT - timedelta(days=9),
        "last_checked_on": NIGHT if visited else None,
        "last_result": "属实" if visited and n > 6 else None,
        "confirmed_on": NIGHT if visited and n > 6 else None,
        "reason_zh": "因住院", "reason_en": "a long stay",
    }  # fmt: skip


def _rule(n: int) -> dict[str, Any]:
    return {"rule_id": f"rule.{n}", "title_zh": f"规则{n}：医疗负担超过收入", "in_force": True,
            "title_en": f"rule {n}: medical burden over income", "grain": "household",
            "rests_on_assumption": n == 2}  # fmt: skip


def _freshness() -> Rows:
    named = ("medical_insurance/insured_person", "medical_insurance/settlement",
             "education/student", "civil_affairs/assistance_household",
             "civil_affairs/economic_check")  # fmt: skip
    return [
        {"source": name.split("/")[0], "dataset": name.split("/")[1], "age_days": 3 + 20 * n,
         "newest_extract": NIGHT - timedelta(days=3 + 20 * n), "due_days": 45, "late": n > 2,
         "optional": False, "late_scopes": 0, "held_scopes": int(n == 1)}
        for n, name in enumerate(named)
    ]  # fmt: skip


def _matches() -> Rows:
    groups = {"all": 20_000, "pupils": 3_000, "rural": 11_000, "minority_names": 240, "moved": 17}
    return [
        {"source": "education", "dataset": "student", "subgroup": name, "rows": count,
         "linked_by_id": count * 8 // 10, "linked_by_probability": count // 10,
         "unlinked": count - count * 8 // 10 - count // 10, "in_review": count // 200,
         "estimated_false_match_rate": 0.0004, "estimated_missed_match_rate": 0.013}
        for name, count in groups.items()
    ]  # fmt: skip
