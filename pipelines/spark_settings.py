"""Which cluster makes the large tables, where ``engine = "spark"``.

Only what a site writes into ``settings.toml`` is described here; nothing is started.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Size = Annotated[str, Field(pattern=r"^\d+[mg]$")]


class Spark(BaseModel):
    """A Spark cluster that reads and writes HOME, which all its machines mount at one path."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: ``spark://host:7077``, ``yarn``, ``k8s://…``; ``local[N]`` is this machine with N cores
    master: str = "local[2]"
    #: a statement whose tables hold fewer rows than this altogether stays on DuckDB
    from_rows: Annotated[int, Field(ge=0)] = 5_000_000
    #: files of a night that are smaller altogether, as delivered, are converted on the driver
    land_from_megabytes: Annotated[int, Field(ge=0)] = 1_000
    driver_memory: Size = "2g"
    executor_memory: Size = "4g"
    executor_cores: Annotated[int, Field(ge=1)] = 2
    #: parts of a shuffle at first; adaptive execution joins small ones and splits skewed ones
    shuffle_partitions: Annotated[int, Field(ge=1)] = 200
    #: what a task should read of a shuffle, in megabytes
    partition_megabytes: Annotated[int, Field(ge=1)] = 64
    #: a table up to this many megabytes is sent whole to every task instead of being shuffled
    broadcast_megabytes: Annotated[int, Field(ge=0)] = 32
    #: anything else of Spark's own configuration, by its full name; it wins
    conf: dict[str, str] = {}
