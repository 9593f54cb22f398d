"""The city as a whole: every dataset is there, equal seeds give equal files, files arrive."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city
from tests.synthetic.conftest import MONTHS, NIGHTS, PEOPLE, SEED, Written


def _digests(path: Path) -> dict[str, str]:
    return {
        str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(path.rglob("*"))
        if p.is_file()
    }


def test_every_contract_is_delivered(city: Written) -> None:
    needed = {name for name, contract in load_contracts().items() if not contract.optional}
    assert set(city.names) == {name.replace("/", "__") for name in needed}


def test_equal_seeds_give_equal_bytes(city: Written, tmp_path: Path) -> None:
    write_city(PEOPLE, SEED, tmp_path, months=MONTHS)
    assert _digests(tmp_path) == _digests(city.path)


def test_another_seed_gives_another_city(city: Written, tmp_path: Path) -> None:
    write_city(300, SEED + 1, tmp_path, months=2)
    other = pl.read_parquet(tmp_path / "truth" / "person.parquet")
    assert set(other["name"]) != set(city.truth("person")["name"][: other.height])


def test_people_live_in_the_city_at_the_start(city: Written) -> None:
    said = json.loads((city.path / "truth" / "city.json").read_text(encoding="utf-8"))
    assert said["people"] == PEOPLE
    assert said["nights"] == [night.isoformat() for night in NIGHTS]
    home = city.truth("person").filter(pl.col("fate") == "home")
    assert home.height == pytest.approx(PEOPLE, rel=0.03)


def test_a_city_needs_people(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        write_city(10, 1, tmp_path)


def test_files_arrive_night_by_night(city: Written, tmp_path: Path) -> None:
    new = [stage(city.path, tmp_path, night) for night in NIGHTS]
    assert all(count > 0 for count in new)
    assert stage(city.path, tmp_path, NIGHTS[-1]) == 0
    staged = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    assert staged == {p.name for p in (city.path / "landing").rglob("*") if p.is_file()}


def test_a_late_file_was_extracted_before_the_night_it_arrives(city: Written) -> None:
    rows = city.truth("medical_insurance__settlement")
    late = rows.filter((pl.col("arrives_on") == NIGHTS[1]) & (pl.col("extract_date") < NIGHTS[0]))
    assert late.height > 0


def test_a_file_is_sent_twice(city: Written) -> None:
    digests = list(_digests(city.path / "landing").values())
    assert len(digests) == len(set(digests)) + 1
