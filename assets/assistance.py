"""Room *assistance*: the chain of help, what is missing, what is double, who should look."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def assistance() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("assistance"))
