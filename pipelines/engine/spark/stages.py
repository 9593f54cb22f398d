"""What a statement cost on Spark: the sums of its stages' metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
#: what is told of a single task
BY_TASK = ("tasks", "failed_tasks", "executor_milliseconds")
#: more attempts of tasks than a stage has
MANY = 2**31 - 1


def of(context: SparkContext, group: str) -> dict[str, int]:
    """Sums over the stages that ran for a job group, each in its last attempt; skipped ones cost
    nothing.
    """
    store = _store(context)
    found = dict.fromkeys(("stages", "repeated_stages", *METRICS), 0)
    for number in _numbers(context, group):
        stage = store.lastStageAttempt(number)
        if stage.status().toString() not in RAN:
            continue
        found["stages"] += 1
        found["repeated_stages"] += int(stage.attemptId())
        for name, method in METRICS.items():
            found[name] += int(getattr(stage, method)())
    return found


def by_task(context: SparkContext, group: str, tasks: int) -> list[dict[str, int]]:
    """What each of the ``tasks`` of a job of one stage cost, failed attempts included."""
    store = _store(context)
    found = [dict.fromkeys(BY_TASK, 0) for _ in range(tasks)]
    for number in _numbers(context, group):
        last = int(store.lastStageAttempt(number).attemptId())
        for attempt in range(last + 1):
            listed = store.taskList(number, attempt, MANY)
            for place in range(listed.size()):
                task = listed.apply(place)
                of_task = found[int(task.index())]
                of_task["tasks"] += task.status() == "SUCCESS"
                of_task["failed_tasks"] += task.status() == "FAILED"
                if task.taskMetrics().isDefined():
                    ran = task.taskMetrics().get().executorRunTime()
                    of_task["executor_milliseconds"] += int(ran)
    return found


def _store(context: SparkContext) -> Any:
    """Spark's store of what ran, once it has heard of all of it."""
    spark = context._jsc.sc()
    spark.listenerBus().waitUntilEmpty(10_000)
    return spark.statusStore()


def _numbers(context: SparkContext, group: str) -> list[int]:
    """The stages of a job group."""
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    return sorted({number for job in jobs if job is not None for number in job.stageIds})
