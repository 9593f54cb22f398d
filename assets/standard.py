"""Room *standard*: the rows that count, and the roles they play."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def standard() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("standard"))
