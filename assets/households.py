"""Room *households*: who lives together."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def households() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("households"))
