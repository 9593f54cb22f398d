"""Cases by level in each county and township, small numbers hidden in both at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.publish.small_numbers import Hidden, Shown, protected

LEVELS = ("red", "orange", "yellow")
COLUMNS = (*LEVELS, "all")
CITY = ("city", "")
Row = dict[str, Any]
Spot = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """A county with its townships, or a township of it; ``known`` False: nobody could place it."""

    code: str
    name: str | None
    county: str | None
    levels: dict[str, Shown]
    total: Shown
    residents: int
    has_cases: bool
    parts: list[Place] = field(default_factory=list)

    @property
    def pressing(self) -> tuple[float, float, str]:
        """What puts a place before another; of a hidden number no more than that it is small."""
        return weight(self.levels["red"]), weight(self.total), self.code

    @property
    def per_10_000(self) -> float | None:
        """Cases for every ten thousand residents; None where one of both is hidden or unknown."""
        if isinstance(self.total, Hidden) or self.residents < 100:
            return None
        return self.total / self.residents * 10_000


def weight(count: Shown) -> float:
    return 0.5 if isinstance(count, Hidden) else float(count)


def places(rows: list[Row], least: int) -> tuple[list[Place], dict[str, Shown]]:
    """Counties with their townships, and the whole city by level (``all``: together)."""
    by_county: dict[str, list[Row]] = {}
    for row in rows:
        by_county.setdefault(row["county_code"] or "", []).append(row)
    counts: dict[tuple[Spot, str], int] = {}
    sums: list[tuple[tuple[Spot, str], list[tuple[Spot, str]]]] = []
    for inside in by_county.values():
        for row in inside:
            counts |= {(_spot(row), level): row[level] for level in LEVELS}
    for whole, parts in _wholes(by_county):
        for level in LEVELS:
            counts[(whole, level)] = sum(counts[(part, level)] for part in parts)
            sums.append(((whole, level), [(part, level) for part in parts]))
        sums.append(((whole, "all"), [(part, "all") for part in parts]))
    for spot in dict.fromkeys(spot for spot, _ in list(counts)):
        counts[(spot, "all")] = sum(counts[(spot, level)] for level in LEVELS)
        sums.append(((spot, "all"), [(spot, level) for level in LEVELS]))
    seen = protected(counts, sums, least)

    def place(spot: Spot, named: tuple[str | None, str | None], residents: int) -> Place:
        name, county = named
        return Place(
            code="".join(spot), name=name, county=county,
            levels={level: seen[(spot, level)] for level in LEVELS}, total=seen[(spot, "all")],
            residents=residents, has_cases=counts[(spot, "all")] > 0,
        )  # fmt: skip

    counties = []
    for county, inside in by_county.items():
        name = inside[0]["county_name"] or county or None
        made = place((county, "*"), (name, None), sum(row["residents"] for row in inside))
        for row in inside:
            known = row["township_name"] or row["township_code"]
            made.parts.append(place(_spot(row), (known, name), row["residents"]))
        counties.append(made)
    return counties, {column: seen[(CITY, column)] for column in COLUMNS}


def _spot(row: Row) -> Spot:
    return row["county_code"] or "", row["township_code"] or ""


def _wholes(by_county: dict[str, list[Row]]) -> Iterator[tuple[Spot, list[Spot]]]:
    """Each county with its townships, then the city with its counties."""
    for county, inside in by_county.items():
        yield (county, "*"), [_spot(row) for row in inside]
    yield CITY, [(county, "*") for county in by_county]
