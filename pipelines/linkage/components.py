"""Connected components: set-based over frames, and one by one where a union may be refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import polars as pl

T = TypeVar("T", int, str)


def components(nodes: pl.Series, edges: pl.DataFrame) -> pl.DataFrame:
    """`node`, `label`: the smallest node that each node hangs together with.

    `edges` says in `node` and `tie` that everything with the same tie belongs together. The
    smallest label travels along ties until nothing changes; the order of rows plays no part.
    """
    shared = edges.unique().filter(pl.len().over("tie") > 1)
    ties = shared.select("tie").unique().with_row_index("tie_no")
    tied = shared.join(ties, on="tie").select("node", "tie_no")
    state = tied.select("node").unique().with_columns(label=pl.col("node"))
    while True:
        lowest = tied.join(state, on="node").group_by("tie_no").agg(pl.col("label").min())
        reached = tied.join(lowest, on="tie_no").group_by("node").agg(pl.col("label").min())
        # pointer jumping: a label's own label is at least as small
        jumped = reached.join(
            reached.rename({"node": "label", "label": "further"}), on="label", how="left"
        ).select("node", label=pl.coalesce("further", "label"))
        changed = jumped.join(state, on="node", suffix="_before").filter(
            pl.col("label") != pl.col("label_before")
        )
        state = jumped
        if changed.is_empty():
            break
    alone = pl.DataFrame({"node": nodes}).join(state, on="node", how="left")
    return alone.with_columns(label=pl.coalesce("label", "node")).sort("node")


class Forest(Generic[T]):
    """Union-find over few nodes; the root of a group is its smallest node."""

    def __init__(self, nodes: Iterable[T] = ()) -> None:
        self._parent: dict[T, T] = {node: node for node in nodes}

    def root(self, node: T) -> T:
        path = []
        parent = self._parent.setdefault(node, node)
        while parent != node:
            path.append(node)
            node, parent = parent, self._parent[parent]
        for passed in path:
            self._parent[passed] = node
        return node

    def unite(self, left: T, right: T) -> T:
        """Join two groups; gives the root of the joined one."""
        left, right = self.root(left), self.root(right)
        if right < left:
            left, right = right, left
        self._parent[right] = left
        return left
