"""What the measured runs say of sizes and clusters that nobody has measured.

    seconds = a · statements + b · rows read / cores

a is what a statement costs before it reads a row, b what a row costs a core. Both are fitted to all
sizes but the largest, and held against the largest before they are used for anything. Runs whose
workers left the driver no core of its own are shown beside the line, not fitted: on a cluster the
driver does not plan at the workers' expense.

    bytes of a task = fixed + c · bytes that it reads of a shuffle

``fixed`` is the most that a task holds at the smallest size, c the growth of the statement whose
memory grew most for what it read. Both come of runs whose shuffles have one part, so that one task
reads all of it, and are held against the largest size too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Result = dict[str, Any]
#: a province: residents, and the settlements of a year
PROVINCE, A_YEAR = 100_000_000, 1_000_000_000


@dataclass(frozen=True)
class Point:
    """One run of one size."""

    people: int
    cores: int
    statements: int
    rows: int
    seconds: float
    shuffle_bytes: int = 0
    #: a core for each worker and one for the driver
    has_room: bool = True


@dataclass(frozen=True)
class Line:
    """Seconds by statements and rows, of one engine."""

    per_statement: float
    per_row: float

    def seconds(self, statements: int, rows: float, cores: float) -> float:
        return self.per_statement * statements + self.per_row * rows / cores

    def off(self, point: Point) -> float:
        """By which share of the measured seconds the line is above them."""
        said = self.seconds(point.statements, point.rows, point.cores)
        return said / point.seconds - 1


@dataclass(frozen=True)
class Fitted:
    """An engine's line by the smaller sizes; ``checked`` are the points of the largest, and
    ``crowded`` those that had too few cores, of all sizes."""

    line: Line
    fitted: tuple[Point, ...]
    checked: tuple[Point, ...]
    crowded: tuple[Point, ...]


@dataclass(frozen=True)
class Held:
    """What the dearest task of a statement read of a shuffle and held, in bytes."""

    table: str
    people: int
    read: int
    held: int
    spilled: int


@dataclass(frozen=True)
class Memory:
    """Bytes of a task by the bytes that it reads of a shuffle."""

    fixed: float
    per_byte: float

    def held(self, read: float) -> float:
        return self.fixed + self.per_byte * read


def points(found: Sequence[Result], engine: str) -> list[Point]:
    """The runs of an engine, small to large."""
    made = []
    for one in found:
        for run in one["runs"].values():
            if run["engine"] == engine:
                statements = run["statements"]
                made.append(
                    Point(
                        one["people"], run["cores"], len(statements),
                        sum(s["rows"] for s in statements), run["seconds"],
                        sum(s.get("shuffle_bytes", 0) for s in statements),
                        engine != "spark" or run["cores"] < run["machine"]["cores"],
                    )
                )  # fmt: skip
    return sorted(made, key=lambda point: (point.people, point.cores))


def fit(measured: Sequence[Point]) -> Line:
    """The line whose shares of error are least (squares), none of its parts below nothing."""
    # seconds in units of what was measured, so that a small size weighs as much as a large one
    sides = np.array(
        [[p.statements / p.seconds, p.rows / p.cores / p.seconds] for p in measured], dtype=float
    )
    ones = np.ones(len(measured))
    found, *_ = np.linalg.lstsq(sides, ones, rcond=None)
    if (found < 0).any():
        alone = [float(side @ ones / (side @ side)) for side in sides.T]
        left = [float(((sides[:, i] * alone[i] - ones) ** 2).sum()) for i in (0, 1)]
        found = np.array([alone[0], 0.0] if left[0] < left[1] else [0.0, alone[1]])
    return Line(float(found[0]), float(found[1]))


def fitted(found: Sequence[Result], engine: str) -> Fitted | None:
    """None with fewer than two sizes: there is nothing to hold a line against."""
    measured = points(found, engine)
    roomy = [point for point in measured if point.has_room]
    sizes = sorted({point.people for point in roomy})
    if len(sizes) < 2:
        return None
    largest = [point for point in roomy if point.people == sizes[-1]]
    smaller = [point for point in roomy if point.people < sizes[-1]]
    crowded = [point for point in measured if not point.has_room]
    return Fitted(fit(smaller), tuple(smaller), tuple(largest), tuple(crowded))


def held(found: Sequence[Result]) -> list[Held]:
    """What was measured of tasks' memory, by statement, small to large."""
    made = [
        Held(said["table"], one["people"], said["peak_task_shuffle_bytes"],
             said["peak_task_bytes"], said["spilled_bytes"])
        for one in found if "memory" in one
        for said in one["memory"]["statements"]
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.table, one.people))


def memory(measured: Sequence[Held]) -> Memory | None:
    """By all sizes but the largest; None with fewer than three."""
    sizes = sorted({one.people for one in measured})
    if len(sizes) < 3:
        return None
    at = {(one.table, one.people): one for one in measured}
    smallest = [one for one in measured if one.people == sizes[0]]
    pairs = [(one, at[one.table, sizes[-2]]) for one in smallest if (one.table, sizes[-2]) in at]
    grown = [(b.held - a.held) / (b.read - a.read) for a, b in pairs if b.read > a.read]
    return Memory(max(one.held for one in smallest), max([0.0, *grown]))


def rows_of(found: Sequence[Result], people: float) -> float:
    """Rows that a night's statements read, straight on from the two largest sizes, for a place
    with as many settlements a head as the province. All rows are counted as if they grew with the
    settlements, which is too many rather than too few.
    """
    sizes = sorted(found, key=lambda one: int(one["people"]))[-2:]
    read = [
        max(sum(s["rows"] for s in run["statements"]) for run in one["runs"].values())
        for one in sizes
    ]
    heads = [one["people"] for one in sizes]
    slope = (read[-1] - read[0]) / (heads[-1] - heads[0]) if len(sizes) > 1 else read[0] / heads[0]
    return (read[-1] + slope * (people - heads[-1])) * more_settlements(sizes[-1])


def more_settlements(one: Result) -> float:
    """How many times the city's settlements a head the province has."""
    a_year = one["settlements"] / one["months"] * 12 / one["people"]
    return max(1.0, A_YEAR / PROVINCE / a_year)


def overtakes(
    one: Line, cores: float, other: Line, others: float, statements: int, rows_a_head: float
) -> float | None:
    """Residents from which ``other`` on so many cores is quicker than ``one``; None: never."""
    gained = one.per_row / cores - other.per_row / others
    if gained <= 0:
        return None
    lost = (other.per_statement - one.per_statement) * statements
    return max(0.0, lost / gained / rows_a_head)
