"""Room *intake*: department files land as typed Parquet, each with a receipt."""

from collections.abc import Iterator

import dagster as dg

from assets.factory import asset_key, room_assets, spec
from assets.resources import NightResource
from pipelines.contracts.load import load_contracts
from pipelines.logs import say
from pipelines.nightly import land_arrivals

RAW = {f"{c.source}/{c.dataset}": f"intake.raw_{c.source}__{c.dataset}"
       for c in load_contracts().values()}  # fmt: skip


@dg.multi_asset(
    name="landing",
    specs=[spec(table, "intake", [], {"file", "parquet"}) for table in RAW.values()],
)
def landing(
    context: dg.AssetExecutionContext, night: NightResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Pull what is configured, take in every complete file; what cannot be used says why.

    A night that arriving files renew in the daytime leaves the departments' databases alone.
    """
    opened = night.of(context)
    land_arrivals(opened, say, pull=context.run.tags.get("trigger") != "arrivals")
    for dataset, table in RAW.items():
        receipts = [receipt for receipt, _ in opened.landed(dataset)]
        yield dg.MaterializeResult(
            asset_key=asset_key(table),
            metadata={
                "dagster/row_count": sum(r.rows_landed or 0 for r in receipts),
                "files": len(receipts),
                "files_tonight": sum(r.received_run == opened.run_id for r in receipts),
                "rows_quarantined": sum(r.rows_quarantined or 0 for r in receipts),
            },
        )


@dg.definitions
def intake() -> dg.Definitions:
    return dg.Definitions(assets=[landing, *room_assets("intake")])
