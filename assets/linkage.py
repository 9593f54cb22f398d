"""Room *linkage*: one person across departments."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def linkage() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("linkage"))
