"""Connected components of people and groups, and the keyed ids of the households they make.

Labels sink to the smallest code along the ties until nothing moves; codes follow the order of
person ids, so the result does not depend on the order of rows. What ties people is said in SQL.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Container, Iterable, Iterator
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

ID_LENGTH = 24
Codes = NDArray[np.int64]


def components(people: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """(person_id, component): the component is the smallest person id that it holds.

    ``people`` has person_id, ``ties`` group_key and person_id.
    """
    coded = people.select("person_id").unique().sort("person_id").with_row_index("person")
    edges = ties.join(coded, on="person_id").select(
        pl.col("person").cast(pl.Int64),
        (pl.col("group_key").rank("dense").cast(pl.Int64) - 1).alias("group"),
    )
    labels = sunk(coded.height, edges["person"].to_numpy(), edges["group"].to_numpy())
    person = coded["person_id"]
    return pl.DataFrame({"person_id": person, "component": person.gather(labels)})


def sunk(people: int, person: Codes, group: Codes) -> Codes:
    """The smallest code that each person is tied to, over any number of ties."""
    labels = np.arange(people, dtype=np.int64)
    if len(person) == 0:
        return labels
    groups = int(group.max()) + 1
    while True:
        lowest = np.full(groups, people, dtype=np.int64)
        np.minimum.at(lowest, group, labels[person])
        lower = labels.copy()
        np.minimum.at(lower, person, lowest[group])
        # a label's own label may have sunk further: follow it
        lower = lower[lower]
        if np.array_equal(lower, labels):
            return labels
        labels = lower


def household_id(key: bytes, *parts: str) -> str:
    """``H`` and 24 hex digits of the keyed hash of the household's canonical member."""
    message = "\0".join(("household", *parts)).encode()
    return "H" + hmac.new(key, message, hashlib.sha256).hexdigest()[:ID_LENGTH]


def new_ids(
    key: bytes, canonical: Iterable[str], known: Container[str], taken: Container[str], as_of: date
) -> Iterator[str]:
    """An id for each new household, by the smallest id of its people: one of this night where that
    person was in a household before (`known`), since the other may have been given and have ended
    in another since, or where a household has that id (`taken`)."""
    for person_id in canonical:
        made = household_id(key, person_id)
        dated = person_id in known or made in taken
        yield household_id(key, person_id, as_of.isoformat()) if dated else made
