"""Dagster's SQLite event log with connections that are kept, instead of one per statement.

Dagster opens and closes its files for each of the thousand events of a night; each close of the
last connection copies the write-ahead log back. That cost more than the work of a small night.
What is stored, and where, is Dagster's own; another process reads it at any moment.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import Field, StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

if TYPE_CHECKING:
    from dagster._config.config_schema import UserConfigSchema
    from dagster._serdes import ConfigurableClassData
    from sqlalchemy import Connection, Engine

#: files kept open at once: the index over all runs and the newest runs
KEPT = 4


class KeptEventLog(SqliteEventLogStorage):
    """`SqliteEventLogStorage`, its files open as long as they are used.

    A lock of the parent class lets one thread at a time use a connection. After a power cut the
    last events of a run can be missing; the file stays whole (synchronous=NORMAL, with WAL).
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: OrderedDict[tuple[int, str], Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptEventLog:
        below_home = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
        return cls(config_value.get("base_dir") or str(below_home), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        """The engine of a file; none is used on by a process that was forked."""
        key = os.getpid(), shard
        engine = self._kept.get(key)
        if engine is not None and not Path(self.path_for_shard(shard)).exists():
            self._kept.pop(key).dispose()  # wiped from outside
            self._initialized_dbs.discard(shard)
            engine = None
        if engine is None:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _normal)
            self._kept[key] = engine
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            forgotten = self._kept.pop(oldest)
            if oldest[0] == os.getpid():
                forgotten.dispose()
        return engine

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            while self._kept:
                (made_by, _), engine = self._kept.popitem()
                if made_by == os.getpid():
                    engine.dispose()


def _normal(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
