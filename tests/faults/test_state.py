"""State that was damaged by hand: what is said, what is set aside, what is as if never made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.errors import DamagedState, MachineFault
from pipelines.lake import machine
from pipelines.lake.damage import set_aside
from pipelines.lake.durable import whole
from pipelines.lake.home import Home
from pipelines.lake.manifest import load_manifest, manifest_path
from pipelines.lake.night import Night
from pipelines.lake.receipt import Receipt, load_receipts
from pipelines.lake.sweep import sweep
from pipelines.nightly import commit
from tests.publish.conftest import AS_OF, open_night, write_few

NEXT = AS_OF + timedelta(days=1)
TABLE = "population.person"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def first(home: Home) -> Iterator[Night]:
    """A committed night."""
    night = open_night(home)
    write_few(night)
    commit(night)
    yield night
    night.close()


def table_file(night: Night, table: str = TABLE) -> Path:
    pointer = night.pointer(table)
    assert pointer is not None
    return pointer.paths(night.home.lake)[0]


def spoil(path: Path, *, middle: bool = False) -> None:
    """Cut a file off, or overwrite its middle and leave both its ends."""
    raw = bytearray(path.read_bytes())
    if middle:
        raw[4 : len(raw) // 2] = b"\xff" * (len(raw) // 2 - 4)
        path.write_bytes(raw)
    else:
        path.write_bytes(raw[: len(raw) // 2])


def test_a_file_is_whole_with_both_its_ends(first: Night, tmp_path: Path) -> None:
    path = table_file(first)
    assert whole(path) and not whole(tmp_path / "none")
    spoil(path)
    assert not whole(path)
    path.write_bytes(b"")
    assert not whole(path)


def test_a_damaged_pointer_is_as_if_never_made(first: Night, home: Home) -> None:
    (first.folder / f"{TABLE}.json").write_text('{"table": "popul', encoding="utf-8")
    assert first.pointer(TABLE) is None and not first.exists(TABLE)
    sweep(home)
    assert load_manifest(home, AS_OF).tables[TABLE].paths(home.lake)[0].exists()


def test_a_table_whose_file_was_cut_off_is_made_again(home: Home) -> None:
    night = open_night(home)
    write_few(night)
    assert not night.build_query(TABLE, f"SELECT * FROM prev_{TABLE}").reused
    again = night.build_query(TABLE, f"SELECT * FROM prev_{TABLE}")
    assert again.reused
    spoil(table_file(night))
    assert not night.build_query(TABLE, f"SELECT * FROM prev_{TABLE}").reused
    assert whole(table_file(night))
    night.close()


def test_a_damaged_manifest_says_which_night_to_run_again(first: Night, home: Home) -> None:
    manifest_path(home, AS_OF).write_text("{", encoding="utf-8")
    with pytest.raises(DamagedState, match=f"run that night again .*--as-of {AS_OF}"):
        load_manifest(home, AS_OF)
    file = table_file(first)
    assert sweep(home) == (0, 0) and file.exists(), "files of an unreadable night are no waste"
    commit(first)
    assert load_manifest(home, AS_OF).tables[TABLE].rows == 2


def test_a_damaged_receipt_is_named_and_never_passed_over(home: Home) -> None:
    (home.receipts / "abc.json").write_text("\0\0\0", encoding="utf-8")
    with pytest.raises(DamagedState, match=r"abc\.json cannot be read"):
        load_receipts(home)


@pytest.mark.parametrize("middle", [False, True], ids=["cut off", "overwritten"])
def test_a_damaged_table_of_the_night_before(first: Night, home: Home, middle: bool) -> None:
    """The file is set aside, so that running the night before makes it anew."""
    path = table_file(first)
    spoil(path, middle=middle)
    told = set_aside(home, NEXT)
    assert told is not None and f"--as-of {AS_OF}" in str(told)
    assert not path.exists() and path.with_name(path.name + ".damaged").exists()
    assert set_aside(home, date(2020, 1, 1)) is None


def test_a_damaged_table_of_tonight(first: Night, home: Home) -> None:
    night = open_night(home, NEXT, "run-2")
    write_few(night)
    spoil(table_file(night), middle=True)
    told = set_aside(home, NEXT)
    assert told is not None and "tonight's own" in str(told)
    night.close()


def test_a_damaged_landed_file_is_named_and_left(first: Night, home: Home) -> None:
    """What was received cannot be made here: nothing is dropped for it."""
    landed = home.landed / "education" / "student" / "20261118_x.parquet"
    landed.parent.mkdir(parents=True)
    landed.write_bytes(table_file(first).read_bytes()[:-1])
    Receipt(
        "r1", "d1", "education", "student", "x_20261118.csv", "education/student/x_20261118.csv",
        "0", 1, 0, AS_OF, "landed", "2026-11-18T00:00:00", AS_OF, "run-1",
        parquet=str(landed.relative_to(home.lake)),
    ).save(home)  # fmt: skip
    told = set_aside(home, NEXT)
    assert told is not None and str(landed) in str(told) and "backup" in str(told)
    assert landed.exists() and len(load_receipts(home)) == 1


def test_faults_of_the_machine_are_told_as_what_they_are(first: Night, home: Home) -> None:
    full = RuntimeError("step failed")
    full.__cause__ = OSError(28, "No space left on device")
    found = machine.told([full, full.__cause__], home, NEXT)
    assert isinstance(found, MachineFault) and "is full" in str(found)
    closed = machine.told([PermissionError(13, "Permission denied")], home, NEXT)
    assert isinstance(closed, MachineFault) and "cannot be written" in str(closed)
    assert isinstance(machine.told([MemoryError()], home, NEXT), MachineFault)
    assert machine.told([ValueError("a fault of the program")], home, NEXT) is None
    table_file(first).unlink()
    missing = machine.told([FileNotFoundError(2, "gone")], home, NEXT)
    assert isinstance(missing, DamagedState) and str(AS_OF) in str(missing)
