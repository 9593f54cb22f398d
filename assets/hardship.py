"""Room *hardship*: indicators, rules, alerts and cases."""

import dagster as dg

from assets.factory import room_assets


@dg.definitions
def hardship() -> dg.Definitions:
    return dg.Definitions(assets=room_assets("hardship"))
