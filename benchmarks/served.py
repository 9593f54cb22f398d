"""How long a running service takes from a file's arrival until its cases can be seen.

    python -m benchmarks.served --home HOME --landing LANDING --files 3

HOME has nights of a synthetic city, the last before today (`benchmarks.bench` leaves one). Starts
`jiuzhulian serve` on it, and puts file after file of 1,000 settlements into LANDING. Of each, 20
people who had no case must stand in the published file afterwards. The first file of a day also
makes the day's night, unless the schedule has; it is told apart. HOME is changed by it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

from benchmarks.arrival import visible, write_arrival
from pipelines.service.nights import SHANGHAI

LOOK_EVERY = 0.5
PATIENCE = 1800.0
#: what a service does first, and between two files
SETTLES, REST = 40.0, 15.0


def seconds_until_seen(home: Path, landing: Path, today: date, turn: int) -> float:
    """One file more; raises SystemExit where its people have no case afterwards."""
    shown = (home / "published" / "current").readlink()
    people = write_arrival(home, landing, today, turn=turn)
    arrived = time.monotonic()
    while (home / "published" / "current").readlink() == shown:
        if time.monotonic() - arrived > PATIENCE:
            raise SystemExit(f"nothing was published within {PATIENCE:.0f} s")
        time.sleep(LOOK_EVERY)
    took = time.monotonic() - arrived
    if not people or (seen := visible(home, people)) != len(people):
        raise SystemExit(f"of {len(people)} people {seen if people else 0} have a case")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--port", type=int, default=3917)
    given = parser.parse_args()
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--home", str(given.home),
               "--landing", str(given.landing)]  # fmt: skip
    service = {"port": given.port, "catch_up_nights": 0}
    with subprocess.Popen(
        command, env=os.environ | {"JIUZHULIAN_SERVICE": json.dumps(service)},
        stdout=subprocess.DEVNULL,
    ) as served:  # fmt: skip
        try:
            time.sleep(SETTLES)
            today = datetime.now(SHANGHAI).date()
            for turn in range(1, given.files + 1):
                made = (given.home / "restricted" / "lake" / "nights" / str(today)).exists()
                took = seconds_until_seen(given.home, given.landing, today, turn)
                note = "" if made else "  (with the night of the day)"
                print(
                    f"file {turn}: {took:5.1f} s, load {os.getloadavg()[0]:.1f}{note}", flush=True
                )
                time.sleep(REST)
        finally:
            served.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
