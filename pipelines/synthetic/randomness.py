"""Named random streams: every part of the city draws from its own, so parts stay independent.

Draws only; what is drawn belongs to the modules that use the streams.
"""

import zlib
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[Any]


def stream(seed: int, *labels: object) -> np.random.Generator:
    """A generator that depends on the seed and the labels alone."""
    words = [zlib.crc32(repr(label).encode()) for label in labels]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def pick(rng: np.random.Generator, weights: list[float] | Array, size: int) -> Array:
    """Indices drawn by weight."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.minimum(
        np.searchsorted(edges / edges[-1], rng.random(size), side="right"), len(edges) - 1
    )


def pick_value(rng: np.random.Generator, table: dict[str, float], size: int) -> pl.Series:
    """Texts drawn by weight."""
    return pl.Series(list(table))[pick(rng, list(table.values()), size)]


def between(rng: np.random.Generator, low: Array | float, high: Array | float, size: int) -> Array:
    """Uniform reals between two bounds, which may be arrays."""
    return low + (np.asarray(high) - low) * rng.random(size)
