"""Room *orders*: cases ranked, rows given out, sheets written once the night is published."""

import dagster as dg

from assets.factory import OWNERS, asset_key, room_assets
from assets.groups import group
from assets.partitions import NIGHTS, POOL
from assets.resources import NightResource
from pipelines import withheld
from pipelines.lake import access_log
from pipelines.orders.outbox import READS, write_outbox


@dg.asset(
    key=["restricted", "outbox"],
    deps=[*(asset_key(table) for table in READS), ["published", "monitoring"]],
    group_name=group("publish", "restricted"),
    owners=OWNERS,
    kinds={"xlsx"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish", "identifying": "yes"},
    description="发件箱 · Work orders, answers to returned ones and monthly reports, by audience.",
)
@withheld.step
def outbox(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult[None]:
    """Only after publishing: what a blocking check holds back is not sent out either."""
    opened = night.of(context)
    written = write_outbox(opened)
    counts = {"orders": written.orders, "rows": written.rows, "replies": written.replies}
    access_log.record(opened.home, "work_orders", access_log.NIGHTLY, counts=counts)
    return dg.MaterializeResult(
        metadata={
            "orders": written.orders,
            "rows": written.rows,
            "replies": written.replies,
            "reports": written.reports,
        }
    )


@dg.definitions
def orders() -> dg.Definitions:
    return dg.Definitions(assets=[*room_assets("orders"), outbox])
