"""Spark as engine: views over Parquet, statements with bound values, results into Parquet."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.duck import no_rows
from pipelines.engine.spark import stages, tasks
from pipelines.engine.spark.dialect import spark_sql, spark_type, view_name
from pipelines.engine.spark.session import ended, started
from pipelines.errors import EngineFault
from pipelines.spark_settings import Spark

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

T = TypeVar("T")
R = TypeVar("R")


class SparkEngine:
    """One session whose temporary views are the lake's Parquet files.

    The statements it takes are in DuckDB's dialect, as everywhere.
    """

    def __init__(self, settings: Spark, temp: Path) -> None:
        with _without_values():
            self.session: SparkSession = started(settings, temp)

    def close(self) -> None:
        ended(self.session)

    def without_values(self) -> AbstractContextManager[None]:
        """Where others use the session: no value of a row gets out in the text of its errors."""
        return _without_values()

    def view_parquet(
        self, name: str, paths: Sequence[Path], columns: Iterable[PromisedColumn]
    ) -> None:
        """``name`` reads ``paths``; columns missing in a file are NULL, no files are no rows."""
        columns = list(columns)
        if not paths:
            self.view(name, no_rows(columns))
            return
        promised = ", ".join(f"`{c.name}` {spark_type(c.type)}" for c in columns)
        with _without_values():
            frame = self.session.read.schema(promised).parquet(*map(str, paths))
            frame.createOrReplaceTempView(view_name(name))

    def view(self, name: str, sql: str) -> None:
        """``name`` stands for a statement without bound values."""
        with _without_values():
            self.session.sql(spark_sql(sql)).createOrReplaceTempView(view_name(name))

    def write(
        self,
        sql: str,
        folder: Path,
        values: Mapping[str, Any],
        part: str | None = None,
    ) -> dict[str, int]:
        """Write a statement's rows as Parquet files into a new ``folder``; what it cost.

        With ``part`` (a column) into a folder of it for each of its values.
        """
        context, group = self.session.sparkContext, secrets.token_hex(8)
        with _without_values():
            empty = frozenset(name for name, value in values.items() if value in ([], ()))
            bound = {name: value for name, value in values.items() if name not in empty}
            frame = self.session.sql(spark_sql(sql, empty), args=_literals(bound))
            context.setJobGroup(group, "")
            if part:
                # rows of one partition meet in one task: one file each instead of one per task
                frame.repartition(part).write.partitionBy(part).parquet(str(folder))
            else:
                frame.write.parquet(str(folder))
            return stages.of(context, group)

    def each(
        self, work: Callable[[T], R], items: Sequence[T]
    ) -> tuple[list[R | None], list[dict[str, int]]]:
        """What Python work made of each item in a task of its own, and what each cost.

        None for an item that could not be worked on there. Raises EngineFault where nothing can.
        """
        context = self.session.sparkContext
        needs = f"run Python on its workers: they need {tasks.python(context)} with jiuzhulian"
        with _without_values(needs):
            return tasks.each(context, work, items, secrets.token_hex(8))


def _literals(values: Mapping[str, Any]) -> dict[str, Column]:
    from pyspark.sql import functions

    return {
        name: functions.array(*map(functions.lit, value))
        if isinstance(value, list | tuple)
        else functions.lit(value)
        for name, value in values.items()
    }


@contextmanager
def _without_values(doing: str = "compute a statement") -> Iterator[None]:
    """Let no value of a row out in the text of an engine's error."""
    try:
        yield
    except EngineFault:
        raise
    except Exception as error:
        condition = getattr(error, "getCondition", lambda: None)()
        said = ", ".join([condition] if condition else _kinds(error))
        raise EngineFault(
            f"Spark could not {doing}: {type(error).__name__}"
            f"{f' ({said})' if said else ''} (its text is withheld, since it may be a person's)"
        ) from None


def _kinds(error: Exception) -> list[str]:
    """What Java calls the error and those behind it: names of classes, nothing of their texts."""
    kinds: list[str] = []
    try:
        java = getattr(error, "java_exception", None)
        while java is not None and len(kinds) < 5:
            kinds.append(str(java.getClass().getName()))
            java = java.getCause()
    except Exception:  # the driver's Java has ended, and cannot be asked
        kinds.append("no answer")
    return kinds
