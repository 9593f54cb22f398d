"""What a statement cost on Spark: the sums of its stages' metrics, and its dearest tasks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark import SparkContext

#: by the name they are reported under: what Spark's store of stages calls them
METRICS = {
    "tasks": "numCompleteTasks",
    "failed_tasks": "numFailedTasks",
    "executor_milliseconds": "executorRunTime",
    "executor_cpu_nanoseconds": "executorCpuTime",
    "input_rows": "inputRecords",
    "input_bytes": "inputBytes",
    "output_rows": "outputRecords",
    "output_bytes": "outputBytes",
    "shuffle_bytes": "shuffleWriteBytes",
    "spilled_bytes": "diskBytesSpilled",
}
#: the most memory that one task held for sorts, joins and sums
PEAK = "peak_task_bytes"
#: the most that one task read of a shuffle, as it was written: compressed
PEAK_READ = "peak_task_shuffle_bytes"

RAN = ("COMPLETE", "FAILED")
#: what is told of a single task
BY_TASK = ("tasks", "failed_tasks", "executor_milliseconds")
#: more attempts of tasks than a stage has
MANY = 2**31 - 1
#: how long to wait for what executors have reported; where it takes longer, it is not counted
PATIENCE = 60_000
FORGOTTEN, LATE = "java.util.NoSuchElementException", "java.util.concurrent.TimeoutException"


def of(context: SparkContext, group: str) -> dict[str, int]:
    """Sums over the stages that ran for a job group, each in its last attempt; skipped ones cost
    nothing. No sum is a reason to lose a night: what Spark no longer knows is left out.
    """
    store = _store(context)
    found = dict.fromkeys(("stages", "repeated_stages", *METRICS, PEAK, PEAK_READ), 0)
    for number in _numbers(context, group):
        # a long night's store keeps its last thousand stages; skipped ones go first
        stage = _unless(FORGOTTEN, partial(store.lastStageAttempt, number))
        if stage is None or stage.status().toString() not in RAN:
            continue
        found["stages"] += 1
        found["repeated_stages"] += int(stage.attemptId())
        for name, method in METRICS.items():
            found[name] += int(getattr(stage, method)())
        if stage.peakExecutionMemory() or stage.shuffleReadBytes():
            for name, greatest in _dearest(context, store, number, stage.attemptId()).items():
                found[name] = max(found[name], greatest)
    return found


def by_task(context: SparkContext, group: str, tasks: int) -> list[dict[str, int]]:
    """What each of the ``tasks`` of a job of one stage cost, failed attempts included."""
    store = _store(context)
    found = [dict.fromkeys(BY_TASK, 0) for _ in range(tasks)]
    for number in _numbers(context, group):
        stage = _unless(FORGOTTEN, partial(store.lastStageAttempt, number))
        for attempt in range(int(stage.attemptId()) + 1 if stage is not None else 0):
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
    _unless(LATE, partial(spark.listenerBus().waitUntilEmpty, PATIENCE))
    return spark.statusStore()


def _numbers(context: SparkContext, group: str) -> list[int]:
    """The stages of a job group."""
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    return sorted({number for job in jobs if job is not None for number in job.stageIds})


def _dearest(context: SparkContext, store: Any, stage: int, attempt: int) -> dict[str, int]:
    """The most that a task of the stage held in memory, and the most that one read of a shuffle."""
    gateway: Any = context._gateway
    greatest = gateway.new_array(gateway.jvm.double, 1)
    greatest[0] = 1.0
    tasks = store.taskSummary(stage, attempt, greatest)
    if not tasks.isDefined():
        return {}
    held, read = tasks.get().peakExecutionMemory(), tasks.get().shuffleReadMetrics().readBytes()
    return {PEAK: int(held.head()), PEAK_READ: int(read.head())}


def _unless(kind: str, asked: Callable[[], Any]) -> Any:
    """The answer, or None where Java raises an error of this kind."""
    try:
        return asked()
    except Exception as error:
        raised = getattr(error, "java_exception", None)
        if raised is None or raised.getClass().getName() != kind:
            raise
        return None
