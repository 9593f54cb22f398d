"""A night's statements on one machine by DuckDB, and on a standalone Spark cluster of one and of
two workers of one core each, at growing size; what that says of sizes that nobody has measured.

    python -m benchmarks.cluster --people 3000 30000 100000    # measure
    python -m benchmarks.cluster.report                        # tables, model and plot of the page

What is measured are the statements alone, the same ones by both engines and from the same files;
what a night does in Python is not in it.
"""
