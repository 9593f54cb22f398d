"""How the monitored population and the suspected cases are computed: plain functions and SQL.

Nothing here but ``definitions`` knows of Dagster.
"""
