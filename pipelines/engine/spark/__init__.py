"""The same statements on Spark; nothing outside `lake.cluster` and `run` knows of it."""
