"""The same statements on Spark; nothing outside `lake.cluster` and `run` knows of it, but for what
linkage asks to be compared (`pairs`)."""
