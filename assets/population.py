"""Room *population*: who is monitored, in which tier, since when."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def population() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("population"))
