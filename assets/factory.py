"""One asset per table of a room, described by the table's promise."""

from collections.abc import Iterator, Mapping
from functools import cache

import dagster as dg

from assets.groups import group, kind_of_table
from assets.partitions import NIGHTS, POOL
from assets.resources import NightResource
from pipelines import withheld
from pipelines.column_lineage import load
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import Promise, load_promises
from pipelines.lake.night import Built
from pipelines.logs import step
from pipelines.rooms import Room, rooms
from pipelines.standard import views
from pipelines.standard.medical_spending import DELIVERY
from pipelines.standard.promises import contract_promise

OWNERS = ["team:jiuzhulian"]


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(table.split(".", 1))


def delivery_key(contract: Contract) -> dg.AssetKey:
    """What a department sends."""
    return dg.AssetKey(["delivery", f"{contract.source}__{contract.dataset}"])


@cache
def landed_from() -> dict[str, Contract]:
    """The contract behind each landed table."""
    return {contract.raw_table: contract for contract in load_contracts().values()}


@cache
def made_tables() -> frozenset[str]:
    """Tables that some room makes; landed rows are assets of intake too."""
    return frozenset(table for room in rooms() for table in room.tables)


@cache
def views_stand_on() -> dict[str, tuple[str, ...]]:
    """Views, and the tables each of them stands on; building their statements takes seconds."""
    return views()


def upstream(room: Room, table: str) -> list[str]:
    """Tables that ``table`` is made from tonight; a view stands for what it reads."""
    stands_on = views_stand_on()
    named = {
        name
        for read in room.reads.get(table, ())
        for name in (*stands_on.get(read, (read,)), *([DELIVERY] if read in stands_on else ()))
    }
    known = made_tables()
    return sorted(
        name
        for name in named
        if (name in known or name.startswith("intake.raw_")) and name != table
    )


def promise_of(table: str) -> Promise:
    promise = load_promises().get(table) or contract_promise(table)
    assert promise is not None, f"{table} has no promise"
    return promise


def description(promise: Promise) -> str:
    key = ", ".join(promise.key) or "—"
    return (
        f"**{promise.title_zh}** · {promise.title_en}\n\n{promise.zh}\n\n{promise.en}\n\n"
        f"One row is {promise.grain}. Key: {key}."
    )


#: a column's description names at most so many of those that it is made from
SOURCES_SHOWN = 4


def made_from(table: str, column: str) -> str:
    """From which columns a column is made, for its description; all stand in its lineage."""
    sources = [".".join(one) for one in load().get(table, {}).get(column, ())]
    if not sources:
        return ""
    more = f" … {len(sources)}" if len(sources) > SOURCES_SHOWN else ""
    return f" ← {', '.join(sources[:SOURCES_SHOWN])}{more}"


def column_lineage(table: str) -> dg.TableColumnLineage:
    """The columns that each column is made from, back to what departments deliver."""
    if (contract := landed_from().get(table)) is not None:
        sent = delivery_key(contract)
        return dg.TableColumnLineage(
            {
                landed: [dg.TableColumnDep(sent, column.name)]
                for column in contract.columns
                for landed in column.types()
            }
        )
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key(of), name) for of, name in sources]
            for column, sources in load().get(table, {}).items()
        }
    )


def column_schema(promise: Promise) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=f"{column.zh} · {column.en}{made_from(promise.table, column.name)}",
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable and column.name not in promise.key
                ),
                tags={"class": column.class_},
            )
            for column in promise.columns
        ]
    )


def spec(table: str, room: str, deps: list[dg.AssetKey], kinds: set[str]) -> dg.AssetSpec:
    promise = promise_of(table)
    published = {True: "yes", False: "no", "restricted": "restricted"}[promise.published]
    return dg.AssetSpec(
        key=asset_key(table),
        deps=deps,
        group_name=group(room, kind_of_table(table)),
        description=description(promise),
        owners=OWNERS,
        kinds=kinds,
        tags={
            "room": promise.room,
            "published": published,
            "identifying": "yes" if identifies(promise) else "no",
        },
        metadata={
            "dagster/column_schema": column_schema(promise),
            "dagster/column_lineage": column_lineage(table),
        },
        partitions_def=NIGHTS,
    )


def identifies(promise: Promise) -> bool:
    """Whether a column of the table identifies a person."""
    return any(column.class_ == "identifying" for column in promise.columns)


def metadata(built: Built) -> Mapping[str, dg.MetadataValue]:
    return {
        "dagster/row_count": dg.MetadataValue.int(built.rows),
        "seconds": dg.MetadataValue.float(round(built.seconds, 3)),
        "taken_over": dg.MetadataValue.bool(built.reused),
        **cluster_work(built.work),
    }


def cluster_work(work: Mapping[str, int]) -> dict[str, dg.MetadataValue]:
    """What a table cost on a cluster; nothing where it was made on this machine."""
    return {f"spark/{name}": dg.MetadataValue.int(value) for name, value in work.items()}


def room_assets(name: str) -> list[dg.AssetsDefinition]:
    """All tables of a room: each an asset of its own, made by one step in build order.

    Any of them can be made alone. One step for a room, because Dagster's own work for a step
    (events, versions of inputs) costs more than a small table.
    """
    from pipelines.rooms import room

    found = room(name)
    specs = [
        spec(
            table, name, [asset_key(read) for read in upstream(found, table)], {"duckdb", "parquet"}
        )
        for table in found.tables
    ]

    @dg.multi_asset(name=name, specs=specs, can_subset=True, pool=POOL)
    @withheld.step
    def make(
        context: dg.AssetExecutionContext, night: NightResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        opened, wanted = night.of(context), context.selected_asset_keys
        for table in found.tables:
            if asset_key(table) not in wanted:
                continue
            built = found.build(table, opened)
            step(table, built.rows, built.seconds, reused=built.reused)
            yield dg.MaterializeResult(asset_key=asset_key(table), metadata=metadata(built))

    return [make]
