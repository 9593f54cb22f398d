"""Files converted before their turn, by tasks: what lands is what one process lands."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationFault
from pipelines.intake import ahead, converter
from pipelines.intake.ahead import Due, Outcome
from pipelines.intake.land import LandingSummary
from pipelines.settings import SCHEMAS
from tests.intake.conftest import PAYMENT, Csv, Office, payment

Work = Callable[[Due], Outcome]


@dataclass
class Desk:
    """Machines that are this process: what is sent and what comes back is pickled in between."""

    takes: bool = True
    #: what happens to a task, by the name of its file
    fate: dict[str, Callable[[Work, Due], Outcome | None]] = field(default_factory=dict)
    asked: int = 0
    given: list[str] = field(default_factory=list)

    def take(self, size: int) -> bool:
        self.asked = size
        return self.takes

    def each(
        self, work: Any, items: Sequence[Any]
    ) -> tuple[list[Any | None], list[dict[str, int]]]:
        self.given = [one.found.path.name for one in items]
        sent, tasks = pickle.loads(pickle.dumps((work, list(items))))
        made = []
        for one in tasks:
            assert one.found.path.is_absolute()
            fate = self.fate.get(one.found.path.name, lambda do, due: do(due))
            made.append(pickle.loads(pickle.dumps(fate(sent, one))))
        return made, [{"tasks": 1} for _ in items]


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def land(office: Office, desk: Desk | None, run: str = "run") -> LandingSummary:
    return office.land(run=run, machines=desk)


def left(work: Work, due: Due) -> None:
    """A task that was given up."""


def touched(work: Work, due: Due) -> Outcome:
    os.utime(due.found.path, (1, 1))
    return work(due)


def test_the_largest_file_goes_first_and_only_what_is_due(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1)))
    office.land(run="before")
    office.deliver("b_20261118.csv", csv(payment(2)))
    office.deliver("c_20261118.csv", csv(payment(3), payment(4)))
    office.deliver("no_date.csv", csv(payment(5)))
    desk = Desk()
    summary = land(office, desk)
    assert desk.given == ["c_20261118.csv", "b_20261118.csv"]
    assert desk.asked == sum((office.landing / PAYMENT / n).stat().st_size for n in desk.given)
    assert summary.work == {PAYMENT: {"tasks": 2, "left_to_driver": 0}}
    assert summary.count("landed") == 2 and summary.count("refused") == 1
    assert list(office.home.tmp.iterdir()) == []


def test_machines_that_do_not_take_it_are_given_nothing(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1)))
    desk = Desk(takes=False)
    assert land(office, desk).rows_landed == 1
    assert desk.given == [] and desk.asked > 0


def test_a_file_whose_task_was_given_up_is_converted_here(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1), payment(1)))
    office.deliver("b_20261118.csv", csv(payment(2)))
    desk = Desk(fate={"a_20261118.csv": left})
    summary = land(office, desk)
    assert summary.work[PAYMENT]["left_to_driver"] == 1
    assert office.rows("a_20261118.csv")["row_number"].to_list() == [2]
    assert office.rows("b_20261118.csv")["row_number"].to_list() == [1]


def test_a_file_that_changes_under_a_task_waits(office: Office, csv: Csv) -> None:
    path = office.deliver("a_20261118.csv", csv(payment(1)))
    summary = land(office, Desk(fate={path.name: touched}))
    assert (summary.incomplete, summary.receipts) == (1, [])
    assert land(office, Desk(), "next").rows_landed == 1


def test_a_repetition_is_not_converted(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1)))
    land(office, Desk())
    office.deliver("b_20261118.csv", csv(payment(1)))
    office.deliver("c_20261118.csv", csv(payment(2)))
    made: dict[str, Outcome] = {}

    def noted(work: Work, due: Due) -> Outcome:
        made[due.found.path.name] = work(due)
        return made[due.found.path.name]

    summary = land(office, Desk(fate=dict.fromkeys(("b_20261118.csv", "c_20261118.csv"), noted)))
    assert made["b_20261118.csv"].converted is None and made["c_20261118.csv"].converted
    assert office.receipt("b_20261118.csv").status == "repeated"
    assert [one.status for one in summary.receipts] == ["landed", "repeated"]


def test_two_equal_files_of_a_night_land_once(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1)))
    office.deliver("b_20261118.csv", csv(payment(1)))
    land(office, Desk())
    assert office.receipt("a_20261118.csv").status == "landed"
    assert office.receipt("b_20261118.csv").status == "repeated"


def test_a_task_that_is_repeated_leaves_the_first_ones_files_alone(
    office: Office, csv: Csv
) -> None:
    path = office.deliver("a_20261118.csv", csv(payment(1), ("P2", "short")))
    twice: list[Outcome] = []

    def repeated(work: Work, due: Due) -> Outcome:
        twice.extend((work(due), work(due)))
        return twice[1]

    land(office, Desk(fate={path.name: repeated}))
    one, two = (outcome.converted for outcome in twice)
    assert one is not None and two is not None
    assert one.landed.parent != two.landed.parent
    same = ("sha256", "rows_read", "rows_landed", "rows_quarantined", "repairs", "notes")
    assert [getattr(one, name) for name in same] == [getattr(two, name) for name in same]
    assert office.aside("a_20261118.csv")["reason_code"].to_list() == ["too_few_columns"]


def test_a_storage_that_is_not_there_is_no_fault_of_the_file(
    office: Office, csv: Csv, tmp_path: Path
) -> None:
    path = office.deliver("a_20261118.csv", csv(payment(1)))

    def unseen(work: Work, due: Due) -> Outcome:
        return work(replace(due, found=replace(due.found, path=tmp_path / "not_mounted.csv")))

    with pytest.raises(FileNotFoundError):  # machines give such a task up
        land(office, Desk(fate={path.name: unseen}))


def test_a_fault_of_a_library_is_told_by_its_place_alone(
    office: Office, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deliver("a_20261118.csv", csv(payment(1)))

    def faulty(*_: object) -> None:
        raise ValueError("张三")

    monkeypatch.setattr(converter, "convert", faulty)
    summary = land(office, Desk())
    assert [one.reason for one in summary.receipts] == [
        "could not be read: ValueError in test_ahead.faulty"
    ]
    assert (land(office, None).unchanged, land(office, Desk()).unchanged) == (1, 1)


def test_an_attempt_that_outlives_landing_writes_nothing(office: Office, csv: Csv) -> None:
    path = office.deliver("a_20261118.csv", csv(payment(1)))
    late: list[tuple[Work, Due]] = []

    def noted(work: Work, due: Due) -> Outcome:
        late.append((work, due))
        return work(due)

    land(office, Desk(fate={path.name: noted}))
    work, due = late[0]
    with pytest.raises(FileNotFoundError):
        work(due)
    assert list(office.home.tmp.iterdir()) == []


def test_another_version_on_a_worker_is_said(office: Office, csv: Csv) -> None:
    path = office.deliver("a_20261118.csv", csv(payment(1)))
    office.deliver("b_20261118.csv", csv(payment(2)))

    def older(work: Work, due: Due) -> Outcome:
        return replace(work(due), code="of another version")

    with pytest.raises(ConfigurationFault, match="another version"):
        land(office, Desk(fate={path.name: older}))
    assert list(office.home.tmp.iterdir()) == []


def test_lookups_are_part_of_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ahead.code()
    shutil.copytree(SCHEMAS / "lookups", tmp_path / "lookups")
    monkeypatch.setattr(ahead, "SCHEMAS", tmp_path)
    versions = []
    for _ in range(2):
        versions.append(ahead.code.__wrapped__())
        (tmp_path / "lookups" / "boolean.yaml").write_text("{}", encoding="utf-8")
    assert versions[0] == wanted != versions[1]
