"""Room *publish*: the night is checked as a whole, then becomes what analysts open."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.factory import OWNERS, asset_key, made_tables, room_assets
from assets.intake import CONTRACTS
from assets.partitions import NIGHTS
from assets.resources import NightResource
from pipelines import publish as room
from pipelines.assistance.outbox import TABLE as REFERRALS
from pipelines.assistance.outbox import write_referrals
from pipelines.contracts.promises import load_promises
from pipelines.nightly import commit

PUBLISHED = sorted(
    name for name, promise in load_promises().items()
    if promise.published is True and name in made_tables()
)  # fmt: skip
IDENTIFYING = sorted(
    name for name, promise in load_promises().items()
    if promise.published == "restricted" and name in made_tables()
)  # fmt: skip
RAW_TABLES = {dataset: contract.raw_table for dataset, contract in CONTRACTS.items()}
EXPECTATION = asset_key("quality.expectation")


@dg.multi_asset_check(
    name="great_expectations",
    specs=[
        dg.AssetCheckSpec(
            name="great_expectations",
            asset=asset_key(table),
            additional_deps=[EXPECTATION],
            description="检查结果 · Great Expectations suite of this table.",
        )
        for table in PUBLISHED
        if table != "quality.expectation"
    ],
)
def great_expectations(
    context: dg.AssetCheckExecutionContext, night: NightResource
) -> Iterator[dg.AssetCheckResult]:
    """Results of the suites, per table, as counts."""
    frame = night.of(context).frame("quality.expectation")
    for table in PUBLISHED:
        if table == "quality.expectation":
            continue
        yield _summed(table, frame.filter(frame["suite"] == table))


@dg.multi_asset_check(
    name="great_expectations_of_batches",
    specs=[
        dg.AssetCheckSpec(
            name="great_expectations",
            asset=asset_key(table),
            additional_deps=[EXPECTATION],
            description="检查结果 · Great Expectations suites of the rows received in the night.",
        )
        for table in RAW_TABLES.values()
    ],
)
def great_expectations_of_batches(
    context: dg.AssetCheckExecutionContext, night: NightResource
) -> Iterator[dg.AssetCheckResult]:
    """Results of the suites of each dataset's batch, as counts; nothing received, nothing wrong."""
    frame = night.of(context).frame("quality.expectation")
    for dataset, table in RAW_TABLES.items():
        suites = [f"landed.{dataset}", f"extract.{dataset}"]
        yield _summed(table, frame.filter(frame["suite"].is_in(suites)))


def _summed(table: str, rows: pl.DataFrame) -> dg.AssetCheckResult:
    """The results of a table's suites as one check with counts."""
    failed = rows.filter(~rows["success"])
    blocking = failed.filter(failed["blocking"])
    return dg.AssetCheckResult(
        asset_key=asset_key(table),
        check_name="great_expectations",
        passed=failed.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR if blocking.height else dg.AssetCheckSeverity.WARN,
        metadata={
            "expectations": rows.height,
            "failed": failed.height,
            "unexpected_rows": int(failed["unexpected_count"].sum() or 0),
            "failing": ", ".join(sorted(set(failed["check_name"].to_list()))) or "—",
        },
    )


@dg.asset_check(
    asset=EXPECTATION,
    blocking=True,
    description="阻断性检查 · No check that would make publishing wrong has failed.",
)
def nothing_blocks(
    context: dg.AssetCheckExecutionContext, night: NightResource
) -> dg.AssetCheckResult:
    opened = night.of(context)
    frame = opened.frame("quality.expectation")
    blocking = frame.filter(frame["blocking"] & ~frame["success"])
    if blocking.height:
        room.validation_page(opened)  # nothing downstream will run, and people must see why
    return dg.AssetCheckResult(
        passed=blocking.is_empty(),
        metadata={
            "expectations": frame.height,
            "blocking_failures": blocking.height,
            "suites": ", ".join(sorted(set(blocking["suite"].to_list()))) or "—",
        },
    )


@dg.asset(
    key=["published", "monitoring"],
    deps=[asset_key(table) for table in PUBLISHED],
    group_name="publish",
    owners=OWNERS,
    kinds={"duckdb"},
    partitions_def=NIGHTS,
    description="分析库 monitoring.duckdb · What analysts open; built beside, swapped in at once.",
)
def monitoring(
    context: dg.AssetExecutionContext, night: NightResource
) -> dg.MaterializeResult[None]:
    opened = night.of(context)
    room.stop_if_held_back(opened)
    published = room.monitoring_file(opened)
    commit(opened)
    return dg.MaterializeResult(
        metadata={
            "tables": published.tables,
            "dagster/row_count": published.rows,
            "bytes": published.size,
            "replaced": published.replaced,
        }
    )


@dg.asset(
    key=["published", "bulletin"],
    deps=[["published", "monitoring"]],
    group_name="publish",
    owners=OWNERS,
    kinds={"html"},
    partitions_def=NIGHTS,
    description="每夜简报 · The night on one page, with small numbers hidden; asks nobody outside.",
)
def bulletin(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult[None]:
    page = room.bulletin_page(night.of(context))
    return dg.MaterializeResult(metadata={"page": page.name, "bytes": page.stat().st_size})


@dg.asset(
    key=["restricted", "identity"],
    deps=[asset_key(table) for table in IDENTIFYING] + [["published", "monitoring"]],
    group_name="publish",
    owners=OWNERS,
    kinds={"duckdb"},
    partitions_def=NIGHTS,
    description="身份库 identity.duckdb · Who is who; mode 0600, never under published/.",
)
def identity(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult[None]:
    written = room.identity_file(night.of(context))
    return dg.MaterializeResult(
        metadata={"tables": written.tables, "dagster/row_count": written.rows}
    )


@dg.asset(
    key=["restricted", "referrals"],
    deps=[asset_key(REFERRALS), ["published", "monitoring"]],
    group_name="publish",
    owners=OWNERS,
    kinds={"excel"},
    partitions_def=NIGHTS,
    description="分类转介表 · One spreadsheet of referrals per department, in its outbox alone.",
)
def referrals(
    context: dg.AssetExecutionContext, night: NightResource
) -> dg.MaterializeResult[None]:
    written = write_referrals(night.of(context))
    return dg.MaterializeResult(
        metadata={"files": written.files, "dagster/row_count": written.rows}
    )


@dg.asset(
    key=["published", "quality"],
    deps=[
        EXPECTATION,
        *(asset_key(f"quality.{t}") for t in ("quarantine", "receipt", "value_repair")),
    ],
    group_name="publish",
    owners=OWNERS,
    kinds={"html"},
    partitions_def=NIGHTS,
    description="质量页 · The validation page for people, works without the internet.",
)
def validation_page(
    context: dg.AssetExecutionContext, night: NightResource
) -> dg.MaterializeResult[None]:
    page = room.validation_page(night.of(context))
    return dg.MaterializeResult(metadata={"page": str(page.name)})


@dg.definitions
def publish() -> dg.Definitions:
    return dg.Definitions(
        assets=[
            *room_assets("publish"),
            monitoring,
            bulletin,
            identity,
            referrals,
            validation_page,
        ],
        asset_checks=[great_expectations, nothing_blocks],
    )
