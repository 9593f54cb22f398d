"""What a statement cost on Spark: the sums of its stages' metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

#: by the name they are reported under: what Spark's store of stages calls them
METRICS = {
    "tasks": "numCompleteTasks",
    "failed_tasks": "numFailedTasks",
    "executor_milliseconds": "executorRunTime",
    "executor_cpu_nanoseconds": "executorCpuTime",
    "input_bytes": "inputBytes",
    "output_bytes": "outputBytes",
    "shuffle_bytes": "shuffleWriteBytes",
    "spilled_bytes": "diskBytesSpilled",
}

RAN = ("COMPLETE", "FAILED")


def of(context: SparkContext, group: str) -> dict[str, int]:
    """Sums over the stages that ran for a job group, each in its last attempt; skipped ones cost
    nothing.
    """
    spark = context._jsc.sc()
    spark.listenerBus().waitUntilEmpty(10_000)
    tracker, store = context.statusTracker(), spark.statusStore()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    numbers = sorted({number for job in jobs if job is not None for number in job.stageIds})
    found = dict.fromkeys(("stages", "repeated_stages", *METRICS), 0)
    for number in numbers:
        stage = store.lastStageAttempt(number)
        if stage.status().toString() not in RAN:
            continue
        found["stages"] += 1
        found["repeated_stages"] += int(stage.attemptId())
        for name, method in METRICS.items():
            found[name] += int(getattr(stage, method)())
    return found
