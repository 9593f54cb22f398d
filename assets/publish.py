"""Room *publish*: the night is checked as a whole, then becomes what analysts open."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import polars as pl

from assets.factory import OWNERS, asset_key, made_tables, room_assets
from assets.groups import group
from assets.intake import CONTRACTS
from assets.partitions import NIGHTS, POOL, SERVICE, TIMEZONE
from assets.resources import NightResource
from pipelines import publish as room
from pipelines import withheld
from pipelines.assistance.outbox import TABLE as REFERRALS
from pipelines.assistance.outbox import write_referrals
from pipelines.contracts.promises import load_promises
from pipelines.lake import access_log
from pipelines.lake.night import Night
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
    pool=POOL,
    can_subset=True,  # else no single table could be made from the user interface
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
@withheld.step
def great_expectations(
    context: dg.AssetCheckExecutionContext, night: NightResource
) -> Iterator[dg.AssetCheckResult]:
    """Results of the suites, per table, as counts."""
    wanted = [table for table in PUBLISHED if _asked(context, table)]
    if not wanted:
        return
    opened = night.of(context)
    frame = opened.frame("quality.expectation")
    for table in wanted:
        yield _summed(table, frame.filter(frame["suite"] == table), opened)


@dg.multi_asset_check(
    pool=POOL,
    can_subset=True,  # else no single table could be made from the user interface
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
@withheld.step
def great_expectations_of_batches(
    context: dg.AssetCheckExecutionContext, night: NightResource
) -> Iterator[dg.AssetCheckResult]:
    """Results of the suites of each dataset's batch, as counts; nothing received, nothing wrong."""
    wanted = {d: table for d, table in RAW_TABLES.items() if _asked(context, table)}
    if not wanted:
        return
    opened = night.of(context)
    frame = opened.frame("quality.expectation")
    for dataset, table in wanted.items():
        suites = [f"landed.{dataset}", f"extract.{dataset}"]
        yield _summed(table, frame.filter(frame["suite"].is_in(suites)), opened)


def _asked(context: dg.AssetCheckExecutionContext, table: str) -> bool:
    """Whether this run checks a table: a run that makes a few tables without checking the night
    has no results of its own, and those of an earlier run would speak of other rows."""
    made = context.run.asset_selection
    wanted = dg.AssetCheckKey(asset_key(table), "great_expectations")
    speaks = not made or EXPECTATION in made  # all of it, checks alone, or the checking itself
    return speaks and wanted in context.selected_asset_check_keys


def _page(opened: Night) -> dg.MetadataValue:
    """Where people read the checks: a link where published/ is served, else the file."""
    served = opened.settings.service.pages_url
    if served:
        return dg.MetadataValue.url(f"{served}/quality/index.html")
    return dg.MetadataValue.path(str(opened.home.published / "quality" / "index.html"))


def _summed(table: str, rows: pl.DataFrame, opened: Night) -> dg.AssetCheckResult:
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
            "checked_rows": max((n for n in rows["element_count"].to_list() if n), default=0),
            "failing": _which(failed),
            "why": dg.MetadataValue.md(_why(failed)),
            "page": _page(opened),
        },
    )


def _which(failed: pl.DataFrame) -> str:
    """The failed expectations with their counts, in a line."""
    told = [
        f"{row['check_name']} ({_count(row['unexpected_count'])} / {_count(row['element_count'])})"
        for row in failed.sort("check_name").iter_rows(named=True)
    ]
    return ", ".join(told) or "—"


def _why(failed: pl.DataFrame) -> str:
    """The failed expectations with their meaning and counts, as a table to read."""
    if failed.is_empty():
        return "—"
    lines = [
        "| 校验 check | 列 column | 不符 unexpected | 检查 checked | 含义 meaning |",
        "|---|---|---|---|---|",
    ]
    for row in failed.sort("blocking", "check_name", descending=[True, False]).iter_rows(
        named=True
    ):
        meaning = " · ".join(text for text in (row["meaning_zh"], row["meaning_en"]) if text)
        stops = " **阻断 blocking**" if row["blocking"] else ""
        lines.append(
            f"| {row['check_name']}{stops} | {row['column_name'] or '—'} | "
            f"{_count(row['unexpected_count'])} | {_count(row['element_count'])} | {meaning} |"
        )
    return "\n".join(lines)


def _count(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"


@dg.asset_check(
    asset=EXPECTATION,
    blocking=True,
    pool=POOL,
    description="阻断性检查 · No check that would make publishing wrong has failed.",
)
@withheld.step
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
            "failing": _which(blocking),
            "why": dg.MetadataValue.md(_why(blocking)),
            "page": _page(opened),
        },
    )


@dg.asset(
    key=["published", "monitoring"],
    deps=[asset_key(table) for table in PUBLISHED],
    group_name=group("publish", "published"),
    owners=OWNERS,
    kinds={"duckdb"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish"},
    freshness_policy=dg.FreshnessPolicy.cron(
        deadline_cron=SERVICE.published_cron,
        lower_bound_delta=timedelta(hours=SERVICE.hours_for_a_night),
        timezone=TIMEZONE,
    ),
    description="分析库 monitoring.duckdb · What analysts open; built beside, swapped in at once.",
)
@withheld.step
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
            **published.places.counts,
        }
    )


@dg.asset(
    key=["published", "bulletin"],
    deps=[["published", "monitoring"]],
    group_name=group("publish", "published"),
    owners=OWNERS,
    kinds={"html"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish"},
    description="每夜简报 · The night on one page, with small numbers hidden; asks nobody outside.",
)
@withheld.step
def bulletin(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult[None]:
    page = room.bulletin_page(night.of(context))
    return dg.MaterializeResult(metadata={"page": page.name, "bytes": page.stat().st_size})


@dg.asset(
    key=["restricted", "identity"],
    deps=[asset_key(table) for table in IDENTIFYING] + [["published", "monitoring"]],
    group_name=group("publish", "restricted"),
    owners=OWNERS,
    kinds={"duckdb"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish", "identifying": "yes"},
    description="身份库 identity.duckdb · Who is who; mode 0600, never under published/.",
)
@withheld.step
def identity(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult[None]:
    written = room.identity_file(night.of(context))
    return dg.MaterializeResult(
        metadata={"tables": written.tables, "dagster/row_count": written.rows}
    )


@dg.asset(
    key=["restricted", "referrals"],
    deps=[asset_key(REFERRALS), ["published", "monitoring"]],
    group_name=group("publish", "restricted"),
    owners=OWNERS,
    kinds={"excel"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish", "identifying": "yes"},
    description="分类转介表 · One spreadsheet of referrals per department, in its outbox alone.",
)
@withheld.step
def referrals(
    context: dg.AssetExecutionContext, night: NightResource
) -> dg.MaterializeResult[None]:
    opened = night.of(context)
    written = write_referrals(opened)
    counts = {"files": written.files, "rows": written.rows}
    access_log.record(opened.home, "referrals", access_log.NIGHTLY, counts=counts)
    return dg.MaterializeResult(
        metadata={"files": written.files, "dagster/row_count": written.rows}
    )


@dg.asset(
    key=["published", "quality"],
    deps=[
        EXPECTATION,
        *(asset_key(f"quality.{t}") for t in ("quarantine", "receipt", "value_repair")),
    ],
    group_name=group("publish", "published"),
    owners=OWNERS,
    kinds={"html"},
    partitions_def=NIGHTS,
    pool=POOL,
    tags={"room": "publish"},
    description="质量页 · The validation page for people, works without the internet.",
)
@withheld.step
def validation_page(
    context: dg.AssetExecutionContext, night: NightResource
) -> dg.MaterializeResult[None]:
    opened = night.of(context)
    page = room.validation_page(opened)
    return dg.MaterializeResult(metadata={"page": _page(opened), "bytes": page.stat().st_size})


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
        asset_checks=[great_expectations, great_expectations_of_batches, nothing_blocks],
    )
