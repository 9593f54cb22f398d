"""The Spark session of a night: how it is configured, and why."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.engine.duck import COMPRESSION
from pipelines.spark_settings import Spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: what an executor logs by; in the session's folder, which the workers see
QUIET = "log4j2.properties"
#: without an appender Spark takes it for no configuration and logs by its own
NOTHING = """\
appender.nothing.type = Null
appender.nothing.name = nothing
rootLogger.level = off
rootLogger.appenderRef.nothing.ref = nothing
"""
#: functions of Splink's jar that statements may need, with the class that computes each
OF_THE_JAR = {"damerau_levenshtein": "uk.gov.moj.dash.linkage.LevDamerauDistance"}
#: PySpark's own loggers that write a statement's error, its values included, on the terminal
SPEAKING = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")


def spark_faults() -> list[str]:
    """What keeps this machine from being a driver."""
    faults = []
    if importlib.util.find_spec("pyspark") is None:
        faults.append(
            'setting engine = "spark" needs PySpark: install the extra (jiuzhulian[spark])'
        )
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        faults.append(
            'setting engine = "spark" needs Java 17 or newer: install it or set JAVA_HOME'
        )
    return faults


def configuration(settings: Spark, temp: Path) -> dict[str, str]:
    """Spark's configuration by name; ``settings.conf`` wins, but its jars come beside Splink's.

    ``temp`` lies in HOME: the driver spills there, and executors find there how to log.
    """
    given = dict(settings.conf)
    jars = [_splinks_jar(), *filter(None, [given.pop("spark.jars", "")])]
    return {
        "spark.app.name": "jiuzhulian",
        "spark.driver.memory": settings.driver_memory,
        "spark.executor.memory": settings.executor_memory,
        "spark.executor.cores": str(settings.executor_cores),
        "spark.local.dir": str(temp),
        # nothing is kept there: it is where Spark would put a table with no view, and it makes it
        "spark.sql.warehouse.dir": str(temp / "warehouse"),
        # the driver hands it to the executors
        "spark.jars": ",".join(jars),
        # texts of errors and plans may quote a person's data: nothing is logged, served or printed
        "spark.log.level": "OFF",
        "spark.executor.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{temp / QUIET}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.debug.maxToStringFields": "0",
        # what is computed: as DuckDB computes it
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.caseSensitive": "false",
        # what is written: types that DuckDB and Polars read as promised
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.compression.codec": COMPRESSION,
        # regions and hospitals are skewed and their sizes unknown beforehand: parts of a shuffle
        # are joined, split and broadcast by what was really written
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.skewJoin.enabled": "true",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": f"{settings.partition_megabytes}m",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.sql.autoBroadcastJoinThreshold": f"{settings.broadcast_megabytes}m",
        # a lost worker is no reason to lose the night, a fault of the statement is
        "spark.task.maxFailures": "4",
        "spark.excludeOnFailure.enabled": "false",
        # Polars would take every core of the machine; a large file at the end has the executor's
        "spark.executorEnv.POLARS_MAX_THREADS": str(settings.executor_cores),
        **given,
    }


def _splinks_jar() -> str:
    from splink.internals.spark.jar_location import similarity_jar_location  # imports PySpark

    return str(similarity_jar_location())


def started(settings: Spark, temp: Path) -> SparkSession:
    """A session on the cluster; the caller stops it."""
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession
    from pyspark.sql.types import DoubleType

    for name in SPEAKING:
        PySparkLogger.getLogger(name).disabled = True
    builder = SparkSession.builder.master(settings.master)
    for name, value in configuration(settings, temp).items():
        builder = builder.config(name, value)
    (temp / QUIET).write_text(NOTHING, encoding="utf-8")
    session = builder.getOrCreate()
    for name, class_ in OF_THE_JAR.items():
        session.udf.registerJavaFunction(name, class_, DoubleType())
    return session


def ended(session: SparkSession) -> None:
    """Stop a session. The next one of this process has other folders to spill into than this one,
    whose night wipes them; without being told, Java would remember them as long as it lives.
    """
    java: Any = session.sparkContext._jvm
    session.stop()
    utils = java.java.lang.Class.forName("org.apache.spark.util.Utils$")
    utils.getField("MODULE$").get(None).clearLocalRootDirs()
