"""The measurement of whether the order of files matters: what it mixes, and what it sees."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl

from benchmarks.linkage.shuffled import KEY, differences, shuffled


def links(*persons: str) -> pl.DataFrame:
    rows = [("s", "d", str(place), person) for place, person in enumerate(persons)]
    return pl.DataFrame(rows, [*KEY, "person_id"], orient="row")


def test_files_come_under_other_names_with_their_lines_mixed(tmp_path: Path) -> None:
    folder, truth = tmp_path / "city" / "landing" / "s", tmp_path / "city" / "truth"
    folder.mkdir(parents=True)
    truth.mkdir()
    lines = [f"{number},张三".encode("gb18030") for number in range(50)]
    (folder / "a_20261118.csv").write_bytes(b"\n".join([b"number,name", *lines]))
    (truth / "arrivals.csv").write_text("relative_path,arrives_on\ns/a_20261118.csv,2026-11-18\n")
    made = shuffled(tmp_path / "city", tmp_path / "other", seed=1)
    (path,) = (made / "landing" / "s").iterdir()
    listed = pl.read_csv(made / "truth" / "arrivals.csv")["relative_path"].to_list()
    assert listed == [f"s/{path.name}"] != ["s/a_20261118.csv"]
    header, *found = path.read_bytes().splitlines()
    assert header == b"number,name"
    assert found != lines
    assert sorted(found) == sorted(lines)


def test_another_grouping_is_seen_and_another_order_is_none() -> None:
    one = links("A", "A", "B")
    rng = random.Random(3)
    places = rng.sample(range(3), 3)
    assert not any(differences(one, one[places]).values())
    assert differences(one, links("A", "B", "B"))["records in another group"] == 3
    assert differences(one, links("A", "A", "C"))["records under another id"] == 1
    assert differences(one, links("A", "A"))["records on one side alone"] == 1
