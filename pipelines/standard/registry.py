"""The tables of this room in build order, what each reads, and how each is made.

Which tables there are follows from the contracts; the statements stand in the modules named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sqlglot import exp

from pipelines.contracts.codes import CodeList
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import PromisedColumn, load_promises
from pipelines.contracts.roles import SpendingMedical
from pipelines.engine.sql import tables_read
from pipelines.errors import NotFound
from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night
from pipelines.settings import SCHEMAS
from pipelines.standard import expressions as e
from pipelines.standard.append import append_sql
from pipelines.standard.deliveries import Delivery
from pipelines.standard.freshness import freshness
from pipelines.standard.medical_spending import VIEW, medical_spending_sql
from pipelines.standard.role_aid import education_charge, help_given, income_check
from pipelines.standard.role_attribute import attribute_claim
from pipelines.standard.role_case import disposition, field_report
from pipelines.standard.role_death import death_claim
from pipelines.standard.role_household import guardianship, household_claim
from pipelines.standard.role_mention import mention
from pipelines.standard.role_region import region
from pipelines.standard.role_tier import tier_claim, tier_grant
from pipelines.standard.roles import Sources
from pipelines.standard.scope_state import SCOPE_STATE, build_scope_state
from pipelines.standard.scope_table import (
    SCOPE,
    SPENDING_DELIVERY,
    build_scope,
    build_spending_delivery,
    standing_pieces,
    with_holder,
)
from pipelines.standard.scopes import Piece
from pipelines.standard.snapshot import since_query, snapshot_sql

FRESHNESS = "quality.freshness"
MENTION = "standard.mention"
RoleTable = Callable[[Sequence[PromisedColumn], Sources], exp.Expr]
ROLE_TABLES: dict[str, RoleTable] = {
    "standard.region": region,
    MENTION: mention,
    "standard.tier_grant": tier_grant,
    "standard.tier_claim": tier_claim,
    "standard.household_claim": household_claim,
    "standard.guardianship": guardianship,
    "standard.death_claim": death_claim,
    "standard.income_check": income_check,
    "standard.help": help_given,
    "standard.education_charge": education_charge,
    "standard.attribute_claim": attribute_claim,
    "standard.field_report": field_report,
    "standard.disposition": disposition,
}


@cache
def _contracts(schemas: Path) -> dict[str, Contract]:
    return load_contracts(schemas)


@cache
def _codes(schemas: Path) -> dict[str, CodeList]:
    return load_codes(schemas)


def tables(contracts: Mapping[str, Contract] | None = None) -> tuple[str, ...]:
    """Every table of this room, in build order."""
    return (SCOPE, *_std(contracts), SPENDING_DELIVERY, *ROLE_TABLES, SCOPE_STATE, FRESHNESS)


def reads(contracts: Mapping[str, Contract] | None = None) -> dict[str, tuple[str, ...]]:
    """What each table is made from."""
    known = _contracts(SCHEMAS) if contracts is None else contracts
    snapshots = [c for c in known.values() if c.mode == "snapshot"]
    spending = [c for c in known.values() if c.roles_of(SpendingMedical)]
    found: dict[str, tuple[str, ...]] = {
        SCOPE: tuple(sorted(c.raw_table for c in snapshots)),
        SPENDING_DELIVERY: tuple(sorted(c.raw_table for c in spending)),
        SCOPE_STATE: tuple(
            sorted([SCOPE, *(t for c in snapshots for t in (c.raw_table, c.std_table))])
        ),
        FRESHNESS: tuple(sorted([SCOPE_STATE, *(c.raw_table for c in known.values())])),
    }
    for table, contract in _std(known).items():
        sql = _std_sql(contract, known, _nothing(contract, known), ())
        extra = (SCOPE,) if contract.mode == "snapshot" else ()
        found[table] = tuple(sorted({*tables_read(sql), *extra}))
    since_scope = Sources(known, {}, lambda c, w: since_query(c, known, _nothing(c, known), (), w))
    promises = load_promises()
    for table, made in ROLE_TABLES.items():
        sql = e.as_sql(made(promises[table].columns, since_scope))
        names = set(tables_read(sql))
        extra = (SCOPE,) if any(name.startswith("intake.") for name in names) else ()
        found[table] = tuple(sorted({*names, *extra}))
    return {table: found[table] for table in tables(known)}


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    schemas = night.settings.schemas
    contracts = _contracts(schemas)
    if table == SCOPE:
        return build_scope(night, contracts)
    if table == SPENDING_DELIVERY:
        return build_spending_delivery(night, contracts)
    if table == SCOPE_STATE:
        return build_scope_state(night, contracts)
    if table == FRESHNESS:
        states = night.frame(SCOPE_STATE, ["source", "dataset", "late", "held_extract"])
        return night.write(FRESHNESS, freshness(contracts, night.receipts, night.as_of, states))
    sql = sql_of(table, night)
    # with it linkage knows that only datasets with other rows mention other people
    return night.build_query(table, sql, made_from=fingerprint.of(sql) if table == MENTION else "")


def sql_of(table: str, night: Night) -> str:
    """The statement that makes a standard or role table on this night."""
    schemas = night.settings.schemas
    contracts = _contracts(schemas)
    contract = _std(contracts).get(table)
    if contract is not None:
        pieces = standing_pieces(night, contract) if contract.mode == "snapshot" else ()
        return _std_sql(contract, contracts, with_holder(night, contract, contracts), pieces)
    if table not in ROLE_TABLES:
        raise NotFound(f"room standard makes no table {table}")

    def since(of: Contract, where: exp.Expr) -> exp.Select:
        known = with_holder(night, of, contracts)
        return since_query(of, contracts, known, standing_pieces(night, of), where)

    sources = Sources(contracts, _codes(schemas), since)
    return e.as_sql(ROLE_TABLES[table](night.promise(table).columns, sources))


def statement(table: str) -> str | None:
    """The statement of a table of this room as it is before anything was delivered, for those who
    ask what follows from what; None where the table is made in Python."""
    known = _contracts(SCHEMAS)
    contract = _std(known).get(table)
    if contract is not None:
        return _std_sql(contract, known, _nothing(contract, known), ())
    if table not in ROLE_TABLES:
        return None

    def since(of: Contract, where: exp.Expr) -> exp.Select:
        return since_query(of, known, _nothing(of, known), (), where)

    promised = load_promises()[table].columns
    return e.as_sql(ROLE_TABLES[table](promised, Sources(known, _codes(SCHEMAS), since)))


def views(contracts: Mapping[str, Contract] | None = None) -> dict[str, tuple[str, ...]]:
    """The views of this room and what they stand on; who reads a view depends on those."""
    known = _contracts(SCHEMAS) if contracts is None else contracts
    return {VIEW: tables_read(medical_spending_sql(known, {}))}


def register_views(night: Night) -> None:
    """Let ``standard.medical_spending`` be read on this night; to be called when it is opened."""
    schemas = night.settings.schemas
    night.view(VIEW, medical_spending_sql(_contracts(schemas), _codes(schemas)))


def _std(contracts: Mapping[str, Contract] | None) -> dict[str, Contract]:
    """Tables of the rows that count; settlements are too many to be kept a second time."""
    known = _contracts(SCHEMAS) if contracts is None else contracts
    return {
        known[name].std_table: known[name]
        for name in sorted(known)
        if not known[name].roles_of(SpendingMedical)
    }


def _std_sql(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
    pieces: Sequence[Piece],
) -> str:
    if contract.mode == "snapshot":
        return snapshot_sql(contract, contracts, deliveries, pieces)
    return append_sql(contract, deliveries[contract.name])


def _nothing(
    contract: Contract, contracts: Mapping[str, Contract]
) -> dict[str, tuple[Delivery, ...]]:
    found: dict[str, tuple[Delivery, ...]] = {contract.name: ()}
    if contract.scope.through is not None:
        found[f"{contract.source}/{contract.scope.through.dataset}"] = ()
    return found
