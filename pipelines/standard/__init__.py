"""Standard: values repaired, the rows that count chosen, and every dataset read by its roles.

The modules named after kinds of value repair single values for intake; ``registry`` knows the
tables. Who a row is about is not decided here (that is linkage).
"""

from pipelines.standard.registry import build, reads, register_views, tables, views

__all__ = ["build", "reads", "register_views", "tables", "views"]
