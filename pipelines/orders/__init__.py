"""Orders: which cases are visited first, the sheets that ask for it, and what comes back.

Cases are ranked and given out township by township; answers are read while they land, mistakes in
them are answered here. How a case lives belongs to ``hardship``.
"""

from pipelines.orders.outbox import WrittenOut, write_outbox
from pipelines.orders.registry import READS, TABLES, build, reads, tables

__all__ = ["READS", "TABLES", "WrittenOut", "build", "reads", "tables", "write_outbox"]
