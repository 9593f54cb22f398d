"""Hardship: what care and schooling cost, who is falling, and the life of every case.

Refunds are netted, sums and indicators worked out, the policy's rules evaluated and their hits
kept as cases. Who is in a tier belongs to ``population``, help given to ``assistance``.
"""

from pipelines.hardship.policy import check_policy, load_policy
from pipelines.hardship.registry import READS, TABLES, build, reads, tables

__all__ = ["READS", "TABLES", "build", "check_policy", "load_policy", "reads", "tables"]
