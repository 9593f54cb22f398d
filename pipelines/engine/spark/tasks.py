"""Python work on the machines of a cluster: one task per item, and no word of it in any log.

The work must be importable on the workers by the driver's names: Python and this package are
installed there. What the work is does not belong here.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar
from zipimport import zipimporter

from pipelines.engine.spark import stages

if TYPE_CHECKING:
    from pyspark import SparkContext

T = TypeVar("T")
R = TypeVar("R")
#: an item whose task died so often is given back, before Spark gives the whole job up
TRIES = 3


def each(
    context: SparkContext, work: Callable[[T], R], items: Sequence[T], group: str
) -> tuple[list[R | None], list[dict[str, int]]]:
    """What the work made of each item, in their order, and what each cost.

    Tasks begin in the order of the items. None where the work failed or its process died time
    and again: what went wrong is not told, since it may quote a row.
    """
    if not items:
        return [], []
    context.pythonExec = python(context)
    context.setJobGroup(group, "")
    made = context.parallelize(items, len(items)).mapPartitions(_Task(work)).collect()
    return made, stages.by_task(context, group, len(items))


def python(context: SparkContext) -> str:
    """The interpreter of the workers: as configured, else the one that runs the driver."""
    configured = context.getConf().get("spark.pyspark.python")
    return configured or os.environ.get("PYSPARK_PYTHON") or sys.executable


@dataclass(frozen=True)
class _Task(Generic[T, R]):
    """What runs in a worker's Python."""

    work: Callable[[T], R]

    def __call__(self, items: Iterable[T]) -> Iterator[R | None]:
        from pyspark import TaskContext

        settle()
        task = TaskContext.get()
        given_up = task is not None and task.attemptNumber() >= TRIES
        for item in items:
            yield None if given_up else self._done(item)
        forget_archives()

    def _done(self, item: T) -> R | None:
        with silence():
            try:
                return self.work(item)
            except BaseException:  # raised further, Spark would write its text into a log
                return None


@cache
def settle() -> None:
    """Once in a worker's process: what is imported stays, and need not be looked through for
    garbage, as PySpark does after every task.
    """
    gc.collect()
    gc.freeze()


def forget_archives() -> None:
    """Before every task PySpark invalidates Python's import caches, and each archive on the path
    (its own among them) is then read anew for each folder imported from it: a fifth of a second.
    Without an entry there is nothing to read; the next import makes one.
    """
    for place, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimporter):
            del sys.path_importer_cache[place]


@contextmanager
def silence() -> Iterator[None]:
    """What libraries write past Python (a panic says what it met) goes nowhere meanwhile."""
    kept = [os.dup(number) for number in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nothing, number)
        yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
        os.close(nothing)
