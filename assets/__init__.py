"""What is made, from what, when: the project's Dagster definitions, one file per room.

An asset reads, calls one function of ``pipelines`` and returns; logic does not belong here.
"""
