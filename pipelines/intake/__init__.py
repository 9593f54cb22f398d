"""Intake: department files become typed Parquet, each with a receipt; unusable rows set aside.

Reject, never lose: read = landed + quarantined + superseded, file by file. Which rows count is
decided in *standard*, whose value repairs this room uses.
"""

from pipelines.intake.land import LandingSummary, land
from pipelines.intake.tables import TABLES, build, reads, tables

__all__ = ["TABLES", "LandingSummary", "build", "land", "reads", "tables"]
