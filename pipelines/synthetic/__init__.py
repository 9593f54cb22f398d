"""An invented city: lives and their truth, a measured error model, deliveries as the contracts say.

Nothing here is read by the pipeline; no real person's data enters it.
"""
