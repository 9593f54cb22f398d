"""``make ui``: the Dagster user interface on a HOME, nothing sent anywhere."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

from pipelines.errors import AlreadyRunning
from pipelines.instance import dagster_home, settle_cut_off
from pipelines.lake.home import Home
from pipelines.settings import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    home = Home(arguments.home).create()
    dagster_home(home)
    os.environ["JIUZHULIAN_HOME"] = str(home.root)
    os.environ["JIUZHULIAN_LANDING"] = str(arguments.landing.resolve())
    settle(home)
    os.chdir(ROOT)
    dg = Path(sys.executable).with_name("dg")
    os.execv(
        dg,
        [str(dg), "dev", "-w", "workspace.yaml", "--host", arguments.host,
         "--port", str(arguments.port)],
    )  # fmt: skip


def settle(home: Home) -> None:
    """Runs that were cut off hold the queue up no longer; left alone while one is going on."""
    import dagster as dg

    with suppress(AlreadyRunning), home.locked(), dg.DagsterInstance.get() as instance:
        settle_cut_off(instance)


if __name__ == "__main__":
    sys.exit(main())
