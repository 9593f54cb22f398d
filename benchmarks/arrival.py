"""A file of settlements that arrives during the day, some of them dear enough to open a case.

Made from insurance numbers that the city's newest register holds; the file is a delivery like any
other, under Chinese headers and in GB18030.
"""

from __future__ import annotations

import csv
import io
import os
import time
from datetime import date
from pathlib import Path

import duckdb

HEADERS = (
    "结算ID", "就诊ID", "人员编号", "险种类型", "医疗类别", "开始日期", "结束日期", "结算时间",
    "退费标志", "医疗费总额", "符合范围金额", "统筹基金支出", "医疗救助支出", "基金支付总额",
    "个人负担总金额",
)  # fmt: skip
DEAR = 20


def write_arrival(
    home: Path, landing: Path, as_of: date, rows: int = 1_000, turn: int = 0
) -> list[str]:
    """Writes the file, the `turn`-th of the day, and returns the people who must stand in a
    suspected case afterwards.

    They are living people in no tier, in a household with no case, so that theirs is new, and no
    amount of theirs is missing, so that their burden is known.
    """
    with duckdb.connect() as con:
        con.execute(f"attach '{home / 'restricted' / 'identity.duckdb'}' as identity (read_only)")
        con.execute(f"attach '{home / 'published' / 'monitoring.duckdb'}' as m (read_only)")
        people = con.execute(
            """
            select link.person_id, min(split_part(link.record_key, '|', 1)) as psn_no,
                bool_or(
                    person.tier = 'none' and household.tier = 'none'
                    and person.burden_in_scope_12m is not null
                    and starts_with(person.region_code, '3711') and cases.household_id is null
                ) as dear
            from identity.person_link as link
            inner join m.hardship.person_indicator as person on link.person_id = person.person_id
            inner join m.population.household as household
                on person.household_id = household.household_id
            left join (select distinct household_id from m.hardship.suspected_illness_poverty)
                as cases on person.household_id = cases.household_id
            where link.dataset = 'insured_person' and link.method = 'register_key'
                or link.dataset = 'insured_person' and link.method = 'id_exact'
            group by link.person_id
            order by dear desc, link.person_id
            limit ?
            """,
            [rows],
        ).fetchall()
    chosen = [person for person, _, dear in people[:DEAR] if dear]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS)
    for place in range(rows):
        person, psn_no, _ = people[place % len(people)]
        cost = "60000.00" if person in chosen and place < DEAR else "80.00"
        writer.writerow([
            f"9{as_of:%Y%m%d}{turn:03d}{place:018d}", f"V{as_of:%Y%m%d}{turn:03d}{place:08d}",
            psn_no, "390", "21",
            as_of, as_of, f"{as_of} 10:00:00", "0", cost, cost, "0.00", "0.00", "0.00", cost,
        ])  # fmt: skip
    folder = landing / "medical_insurance" / "settlement"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"arrival{turn}_settlement_{as_of:%Y%m%d}.csv"
    path.write_bytes(text.getvalue().encode("gb18030"))
    old = time.time() - 3600
    os.utime(path, (old, old))
    return chosen


def visible(home: Path, people: list[str]) -> int:
    """How many of them stand in a household with a case in the published file."""
    with duckdb.connect() as con:
        con.execute(f"attach '{home / 'published' / 'monitoring.duckdb'}' as m (read_only)")
        found = con.execute(
            """
            select count(*) from m.population.person as person
            where list_contains(?, person.person_id) and person.household_id in (
                select household_id from m.hardship.suspected_illness_poverty
            )
            """,
            [people],
        ).fetchall()
    return int(found[0][0])
