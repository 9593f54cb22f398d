"""Deliveries beside files: tables of exchange databases and folders of SFTP servers.

What is pulled becomes a delivery like a file and lands on the same way. Whatever goes wrong with
one place is a refusal of what it should have brought; the others and the night go on.
"""

from pipelines.intake.pull.arrivals import pulled_arrivals
from pipelines.intake.pull.configured import delivery_faults

__all__ = ["delivery_faults", "pulled_arrivals"]
