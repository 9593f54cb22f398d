"""The engine that runs the SQL of the rooms; the only place that knows which one it is."""
