"""The statement for snapshots against a slow reading of the same rule, on random deliveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.load import load_contracts
from pipelines.standard.deliveries import Delivery
from pipelines.standard.scopes import Believable, Group, decide, pieces
from pipelines.standard.snapshot import counts_sql, snapshot_sql

CONTRACT = load_contracts()["civil_affairs/assistance_household"]
LIMITS = Believable(lost_share=0.3, lost_rows=2)
START = date(2026, 11, 1)
Key, Scope = int, str

rows_of_a_delivery = st.dictionaries(st.integers(0, 7), st.sampled_from("ab"), max_size=8)
arrivals = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), rows_of_a_delivery), min_size=1, max_size=7
)


def deliveries_of(arrived: list[tuple[int, int, dict[Key, Scope]]]) -> list[tuple[Any, ...]]:
    """(extract date, received on, rows), in the order in which they count; a key once a group."""
    ordered = sorted(
        (START + timedelta(extract), START + timedelta(extract + delay), number, rows)
        for number, (extract, delay, rows) in enumerate(arrived)
    )
    seen: set[tuple[date, date, Key]] = set()
    made = []
    for extract, received, _, rows in ordered:
        new = {key: scope for key, scope in rows.items() if (extract, received, key) not in seen}
        seen |= {(extract, received, key) for key in new}
        made.append((extract, received, new))
    return made


def slowly(made: list[tuple[Any, ...]]) -> dict[Key, tuple[date, date, date | None]]:
    """Key → (extract date of its version, first seen, left), scope by scope and day by day."""
    groups: dict[tuple[date, date], dict[Scope, set[Key]]] = {}
    for extract, received, rows in made:
        held = groups.setdefault((received, extract), {})
        for key, scope in rows.items():
            held.setdefault(scope, set()).add(key)
    believed: dict[Scope, dict[date, tuple[date, set[Key]]]] = {}
    for (received, extract), scopes in sorted(groups.items(), key=lambda item: item[0]):
        for scope, keys in scopes.items():
            before = [d for d in believed.get(scope, {}) if d <= extract]
            old = len(believed[scope][max(before)][1]) if before else 0
            lost = old - len(keys)
            if not (lost >= LIMITS.lost_rows and lost > LIMITS.lost_share * old):
                believed.setdefault(scope, {})[extract] = (received, keys)
    found: dict[Key, tuple[date, date, date | None]] = {}
    every_key = {key for _, _, rows in made for key in rows}
    for key in every_key:
        versions = [
            (extract, received, scope)
            for scope, days in believed.items()
            for extract, (received, keys) in days.items()
            if key in keys
        ]
        if versions:
            extract, _, scope = max(versions)
            later = [d for d in believed[scope] if d > extract]
            left = min(later) if later else None
            found[key] = (extract, min(v[0] for v in versions), left)
    return found


def quickly(made: list[tuple[Any, ...]]) -> dict[Key, tuple[date, date, date | None]]:
    contract = replace(CONTRACT, scope=replace(CONTRACT.scope, columns=("category",)))
    known = {contract.name: contract}
    own = {
        contract.name: tuple(
            Delivery(version, f"d{version}", extract, received, f"run {received}")
            for version, (extract, received, _) in enumerate(made, start=1)
        )
    }
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA intake")
        columns = ", ".join(f'"{name}" {type_}' for name, type_ in contract.types().items())
        con.execute(
            f"CREATE TABLE {contract.raw_table} "
            f"(delivery_id VARCHAR, row_number BIGINT, record_key VARCHAR, {columns})"
        )
        for version, (_, _, rows) in enumerate(made, start=1):
            for number, (key, scope) in enumerate(rows.items(), start=1):
                con.execute(
                    f"INSERT INTO {contract.raw_table} "
                    "(delivery_id, row_number, record_key, category) VALUES (?, ?, ?, ?)",
                    [f"d{version}", number, str(key), scope],
                )
        counts: dict[Group, dict[str, int]] = {}
        for extract, received, scope, rows in con.execute(
            counts_sql(contract, known, own)
        ).fetchall():
            counts.setdefault(Group(received, extract), {})[scope] = rows
        groups = [Group(received, extract) for extract, received, _ in made]
        standing = pieces(decide(groups, counts, LIMITS))
        sql = snapshot_sql(contract, known, own, standing)
        listed = con.execute(
            f"SELECT record_key, extract_date, first_seen_on, left_on FROM ({sql})"
        ).fetchall()
    assert len({key for key, *_ in listed}) == len(listed)
    return {int(key): (extract, first, left) for key, extract, first, left in listed}


@settings(max_examples=30)
@given(arrivals)
def test_both_readings_agree(arrived: list[tuple[int, int, dict[Key, Scope]]]) -> None:
    made = deliveries_of(arrived)
    assert quickly(made) == slowly(made)
