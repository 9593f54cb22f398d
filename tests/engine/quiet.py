"""A small Spark for tests: one machine, no network, and no compiling of code for a few rows."""

from pipelines.spark_settings import Spark

#: what a JVM of some minutes should do: compile once and quickly, collect in one thread
BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
#: no network
LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
CONF = LOCAL | {
    "spark.driver.extraJavaOptions": BRIEF,
    # beside what the session gives executors as extra options
    "spark.executor.defaultJavaOptions": BRIEF,
    # said, since what the first session of a process says holds for those that say nothing
    "spark.ui.retainedStages": "1000",
    # compiling a plan to Java takes longer than a few rows do
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
QUIET = Spark(
    master="local[2]", from_rows=0, driver_memory="1g", executor_memory="1g", executor_cores=1,
    shuffle_partitions=2, conf=CONF,
)  # fmt: skip
