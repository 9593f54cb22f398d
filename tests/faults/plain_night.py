"""A whole night in this process, without Dagster's record of it: what the assets call, in order.

For tests that need many nights: Dagster's own steps cost more than a small night. The command
itself is killed in tests/cli and by ``python -m tests.faults.soak --command``.
"""

from __future__ import annotations

from datetime import date

from pipelines import publish
from pipelines.assistance.outbox import write_referrals
from pipelines.lake.home import Home
from pipelines.nightly import commit, land_arrivals, open_night, wipe_leftovers
from pipelines.orders.outbox import write_outbox
from pipelines.rooms import rooms
from pipelines.settings import Settings


def run_plain(settings: Settings, as_of: date, *, rebuild: bool = False) -> None:
    """Land, make every table, check, publish, commit, and write what goes out."""
    home = Home(settings.home).create()
    with home.locked():
        wipe_leftovers(home)
        night = open_night(settings, as_of, rebuild=rebuild)
        try:
            land_arrivals(night)
            for room in rooms():
                for table in room.tables:
                    room.build(table, night)
            publish.stop_if_held_back(night)
            publish.monitoring_file(night)
            commit(night)
            publish.identity_file(night)
            write_referrals(night)
            write_outbox(night)
            publish.validation_page(night)
        finally:
            night.close()
