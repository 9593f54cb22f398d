"""Nights as partitions: the key is the as-of date in Shanghai."""

import dagster as dg

from pipelines.settings import read_settings

#: when nights start and must be done, as this installation has it
SERVICE = read_settings().service
TIMEZONE = "Asia/Shanghai"

#: end_offset=1: at 02:00 the newest partition is that very day, not yesterday
NIGHTS = dg.DailyPartitionsDefinition(start_date="2024-01-01", timezone=TIMEZONE, end_offset=1)

#: every step takes part in this pool, which has one place: one night at a time
POOL = "night"
