"""Linkage measured: against the truth of a synthetic city, and on public data sets."""
