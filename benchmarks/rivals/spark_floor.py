"""The floor's work by PySpark on this machine: the same statements, translated; own reading.

    python -m benchmarks.rivals.spark_floor --landing DIR --as-of DATE --out DIR

Spark reads CSV in both encodings, gzip and Parquet itself; workbooks go in through a frame, since
it has no reader for them. The statements are the floor's, so both do the same work.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from datetime import date
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlglot

from benchmarks.floor import steps
from benchmarks.floor.arguments import SCHEMAS, parser, seconds
from benchmarks.floor.columns import DATASETS
from benchmarks.floor.files import Delivered, delivered, excel

OUT = ("tier", "alert", "home")


def session(scratch: Path, memory: str) -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    made = (
        SparkSession.builder.master("local[*]")
        .appName("floor")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", memory)
        .config("spark.local.dir", str(scratch / "local"))
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        # as many pieces as a small machine can use
        .config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        # else CSV is read in UTF and Latin-1 only
        .config("spark.sql.legacy.javaCharsets", "true")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("ERROR")
    return made


def translated(sql: str) -> str:
    return sqlglot.transpile(sql, read="duckdb", write="spark")[0]


def run(landing: Path, policy: Path, as_of: date, out: Path, memory: str = "4g"
        ) -> dict[str, float]:  # fmt: skip
    """Writes what the floor writes; returns seconds per step."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    took: dict[str, float] = {}
    started = time.monotonic()
    with TemporaryDirectory(dir=out) as folder:
        scratch = Path(folder)
        spark = session(scratch, memory)

        def keep(name: str, frame: Any) -> None:
            """A table on disk, so that nothing is worked out twice."""
            path = str(scratch / "tables" / name)
            frame.write.mode("overwrite").parquet(path)
            spark.read.parquet(path).createOrReplaceTempView(name)

        for name in DATASETS:
            keep(name, _read(spark, delivered(landing, SCHEMAS, name, as_of)))
        took["read"] = time.monotonic() - started
        for name in DATASETS:
            keep(f"{name}_newest", spark.sql(translated(steps.newest(name))))
        took["newest"] = time.monotonic() - started - sum(took.values())
        values, rules = steps.policy(policy, as_of)
        schema = "name string, region string, urban_rural string, valid_from date, value double"
        rows = [(n, r, u, f, None if v is None else float(v)) for n, r, u, f, v in values]
        spark.createDataFrame(rows, schema).createOrReplaceTempView("policy_value")
        for table, statement in steps.statements(as_of):
            keep(table, spark.sql(translated(statement)))
            if table == steps.TIES:
                _label(spark, keep)
        names = sorted({value[0] for value in values})
        keep("alert", spark.sql(translated(steps.alerts(names, rules))))
        took["join_and_sum"] = time.monotonic() - started - sum(took.values())
        for table in OUT:
            spark.table(table).coalesce(1).write.parquet(str(out / f"{table}.parquet"))
        spark.stop()
    return took


def _read(spark: Any, files: list[Delivered]) -> Any:
    parts = []
    for file in files:
        if file.form == "parquet":
            frame = spark.read.parquet(str(file.path))
            cell = {c: f"cast(`{file.header[p]}` as string)" for c, p in file.columns.items()}
        else:
            cell = {c: f"c{p}" for c, p in file.columns.items()}
            schema = ", ".join(f"c{p} string" for p in range(len(file.header)))
            if file.form == "xlsx":
                sheet = excel(file.path).slice(file.skip)
                frame = spark.createDataFrame(
                    [row[: len(file.header)] for row in sheet.rows()],
                    schema,
                )
            else:
                frame = spark.read.csv(
                    str(file.path), schema=schema, header=True, enforceSchema=True,
                    encoding="GB18030" if file.encoding == "gb18030" else "UTF-8",
                    sep=file.separator, quote='"', escape='"',
                )  # fmt: skip
        frame.createOrReplaceTempView("delivered_file")
        select = steps.cells(file, {c: f"given_{c}" for c in cell}, "monotonically_increasing_id()")
        sql = translated(f"select {select} from delivered_file")
        for column, source in cell.items():
            sql = sql.replace(f"given_{column}", source)
        parts.append(spark.sql(sql))
    return reduce(lambda one, other: one.union(other), parts)


def _label(spark: Any, keep: Any) -> None:
    first, groups, people, changed = map(translated, steps.LABEL)
    keep("label", spark.sql(first))
    turn = 0
    while True:
        keep(f"group_label_{turn}", spark.sql(groups))
        spark.table(f"group_label_{turn}").createOrReplaceTempView("group_label")
        keep(f"next_label_{turn}", spark.sql(people))
        spark.table(f"next_label_{turn}").createOrReplaceTempView("next_label")
        moved = spark.sql(changed).collect()[0][0]
        spark.table("next_label").createOrReplaceTempView("label")
        turn += 1
        if not moved:
            return


def main() -> None:
    told = parser(__doc__)
    told.add_argument("--memory", default="4g")
    given = told.parse_args()
    took = run(given.landing, given.policy, given.as_of, given.out, given.memory)
    print(json.dumps(seconds(took)))


if __name__ == "__main__":
    main()
