"""A file of its own for a place: the tables of monitoring.duckdb with the rows of its people.

Which rows those are is data (`cuts`). What the whole file holds does not belong here.
"""
