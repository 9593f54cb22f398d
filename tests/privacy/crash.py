"""A night through Dagster, as its user interface runs one: an instance with its storage, a job.

``python -m tests.privacy.crash HOME LANDING NIGHT [TABLE WORDS]``: the step that makes TABLE ends
in an error that quotes WORDS, with another error behind it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.contracts.promises import load_promises
from pipelines.definitions import defs
from pipelines.lake.home import Home
from pipelines.lake.night import Built, Night
from pipelines.nightly import close_nights
from pipelines.run import dagster_home


def crash(table: str, words: str) -> None:
    module = import_module(f"pipelines.{load_promises()[table].room}")
    build = module.build

    def crashing(name: str, night: Night) -> Built:
        if name != table:
            return build(name, night)  # type: ignore[no-any-return]
        try:
            return {}[words]  # type: ignore[no-any-return]
        except KeyError as error:
            raise ValueError(f"could not convert {words}") from error

    module.build = crashing  # type: ignore[attr-defined]


def run(home: str, landing: str, night: str, *crashing: str) -> bool:
    if crashing:
        crash(*crashing)
    dagster_home(Home(Path(home)).create())
    config: dict[str, Any] = {"home": home, "landing": landing}
    try:
        with dg.DagsterInstance.get() as instance:
            return defs().resolve_job_def("nightly").execute_in_process(
                instance=instance, partition_key=night, raise_on_error=False,
                run_config={"resources": {"night": {"config": config}}},
            ).success  # fmt: skip
    finally:
        close_nights()


if __name__ == "__main__":
    sys.exit(0 if run(*sys.argv[1:]) else 1)
