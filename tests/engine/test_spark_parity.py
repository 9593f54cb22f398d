"""Three nights, each following those of its own engine: no difference after any of them.

The second and third follow a delta: they take tables over, patch them, and make the rest anew, and
both engines must choose alike. ``make parity`` runs it on a city of 20,000.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest

from pipelines.lake.manifest import load_manifest
from pipelines.lake.night import Built
from pipelines.run import run_night
from tests.engine.both import Both, city_of, tables_made
from tests.engine.cluster import running
from tests.faults.same import differences

pytestmark = [pytest.mark.spark, pytest.mark.parity]

PEOPLE, SEED = int(os.environ.get("JIUZHULIAN_SPARK_PEOPLE", "300")), 5
NUMBERS = (0, 1, 2)


@dataclass
class Compared:
    """Nights by both engines: what each made, and in what they differed at once afterwards."""

    both: Both
    duck: dict[date, dict[str, Built]] = field(default_factory=dict)
    spark: dict[date, dict[str, Built]] = field(default_factory=dict)
    differences: dict[date, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    folder = tmp_path_factory.mktemp("parity")
    (folder / "cluster").mkdir()
    few = PEOPLE <= 3_000
    with running(folder / "cluster", workers=2, memory="768m" if few else "2g") as cluster:
        spark = cluster.settings() if few else cluster.settings_of_a_site()
        found = Compared(city_of(folder, PEOPLE, SEED, spark))
        for night in found.both.nights:
            found.both.arrive(night)
            for settings, made in ((found.both.duck, found.duck), (found.both.spark, found.spark)):
                with tables_made() as made[night]:
                    run_night(settings, night)
            duck, spark = (home.root for home in found.both.homes)
            found.differences[night] = differences(duck, spark, night)
        yield found


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_differs(compared: Compared, number: int) -> None:
    """Tables value by value, ids of persons and households, what is published and goes out."""
    assert compared.differences[compared.both.nights[number]] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_both_made_patched_and_took_over_the_same_tables(compared: Compared, number: int) -> None:
    night = compared.both.nights[number]
    duck, spark = ({n: b.reused for n, b in made[night].items()}
                   for made in (compared.duck, compared.spark))  # fmt: skip
    assert duck == spark
    patched = [
        {name for name, pointer in load_manifest(home, night).tables.items() if pointer.patch}
        for home in compared.both.homes
    ]
    assert patched[0] == patched[1]
    # a first night has nothing to patch
    assert (len(patched[0]) > 3) == (number > 0)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_cluster_made_what_follows_no_delta(compared: Compared, number: int) -> None:
    made = compared.spark[compared.both.nights[number]]
    there = {name for name, built in made.items() if built.work.get("tasks")}
    assert len(there) > (100 if number == 0 else 50)
    assert not any(b.work for b in compared.duck[compared.both.nights[number]].values())
