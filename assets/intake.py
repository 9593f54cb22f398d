"""Room *intake*: department files land as typed Parquet, each with a receipt.

A *delivery* asset stands for what a department sends: nobody here makes it, a night observes that
one came. Its freshness policy is the contract's due date, so that the user interface shows who is
late although the nights themselves ran.
"""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from assets.factory import OWNERS, asset_key, cluster_work, delivery_key, room_assets, spec
from assets.groups import group
from assets.partitions import NIGHTS, POOL
from assets.resources import NightResource
from pipelines import withheld
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.lake.receipt import LANDED, REFUSED
from pipelines.logs import say
from pipelines.nightly import land_arrivals
from pipelines.service.nights import TRIGGER

CONTRACTS = load_contracts()
#: until landing is tried again after a disk or network fault
RETRY_SECONDS = 60.0


def headers(contract: Contract) -> dg.TableSchema:
    """What a department's file holds: our names, and the headers by which a column is known."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=f"{column.zh} · {column.en}；表头 · headers: "
                f"{', '.join((column.name, *column.aliases))}",
                constraints=dg.TableColumnConstraints(nullable=not column.required),
                tags={"class": column.classification},
            )
            for column in contract.columns
        ]
    )


def delivery(contract: Contract) -> dg.AssetSpec:
    """What a department sends, and how old the last of it may be."""
    due = contract.due_days
    late = f"{due} 天后逾期 · late after {due} days" if due else "未约定周期 · no due date"
    optional = "；可选 · optional" if contract.optional else ""
    return dg.AssetSpec(
        key=delivery_key(contract),
        group_name=group("intake", "delivery"),
        owners=OWNERS,
        kinds={"file"},
        tags={"room": "intake", "department": contract.source},
        metadata={"dagster/column_schema": headers(contract)},
        partitions_def=NIGHTS,
        description=f"**{contract.title_zh}** · {contract.title_en}\n\n{late}{optional}\n\n"
        f"{contract.owner}",
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=due))
        if due else None,
    )  # fmt: skip


@dg.multi_asset(
    name="landing",
    pool=POOL,
    specs=[
        spec(contract.raw_table, "intake", [delivery_key(contract)], {"file", "parquet"})
        for contract in CONTRACTS.values()
    ],
)
@withheld.step
def landing(
    context: dg.AssetExecutionContext, night: NightResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Pull what is configured, take in every complete file; what cannot be used says why.

    A night that arriving files renew in the daytime leaves the departments' databases alone. A
    disk or network fault is tried again in a minute where nobody watches.
    """
    opened = night.of(context)
    unattended = context.run.tags.get(TRIGGER)
    try:
        summary = land_arrivals(
            opened, say, pull=night.pull and unattended != "arrivals", source=night.department
        )
    except OSError as error:
        if unattended is None:
            raise
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=RETRY_SECONDS) from error
    say(
        f"landed {summary.count(LANDED)} files, {summary.rows_landed:,} rows; "
        f"{summary.rows_quarantined:,} rows set aside, {summary.count(REFUSED)} files refused, "
        f"{summary.unchanged} known already"
    )
    for dataset, contract in CONTRACTS.items():
        arrived = [
            receipt.extract_date
            for receipt, _ in opened.landed(dataset, repeated=True)
            if receipt.received_run == opened.run_id and not receipt.corrects
        ]
        if arrived:
            newest = max(day.isoformat() for day in arrived if day)
            context.log_event(
                dg.AssetMaterialization(
                    delivery_key(contract),
                    description="files came in",
                    metadata={"files": len(arrived), "newest_extract": newest},
                    partition=opened.as_of.isoformat(),
                )
            )
        receipts = [receipt for receipt, _ in opened.landed(dataset)]
        yield dg.MaterializeResult(
            asset_key=asset_key(contract.raw_table),
            metadata={
                "dagster/row_count": sum(r.rows_landed or 0 for r in receipts),
                "files": len(receipts),
                "files_tonight": sum(r.received_run == opened.run_id for r in receipts),
                "rows_quarantined": sum(r.rows_quarantined or 0 for r in receipts),
                **cluster_work(summary.work.get(dataset, {})),
            },
        )


@dg.definitions
def intake() -> dg.Definitions:
    deliveries = [delivery(contract) for contract in CONTRACTS.values()]
    return dg.Definitions(assets=[*deliveries, landing, *room_assets("intake")])
