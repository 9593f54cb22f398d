"""Whatever is done to a file, the night goes on: a receipt, every row accounted for, no value told.

A small seeded run by default. ``make fuzz`` sets JIUZHULIAN_FUZZ_FILES and JIUZHULIAN_FUZZ_SEED.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.intake.land import land
from pipelines.intake.limits import Limits
from pipelines.lake.receipt import LANDED, REFUSED, Receipt
from tests.intake.conftest import PAYMENT, Office
from tests.intake.mutations import CHANGES, MARK, Mutated, mutated

FILES = int(os.environ.get("JIUZHULIAN_FUZZ_FILES", "60"))
SEED = int(os.environ.get("JIUZHULIAN_FUZZ_SEED", "1"))
BATCH = 60
LIMITS = Limits(unpacked=70, workbook=70, cells=5_000_000, ratio=100, small=60)


def test_every_mutated_file_ends_in_a_receipt(office: Office) -> None:
    rng = random.Random(SEED)
    seen: Counter[tuple[str, str]] = Counter()
    for first in range(0, FILES, BATCH):
        made: dict[str, Mutated] = {}
        said: list[str] = []
        for at in range(first, min(first + BATCH, FILES)):
            one = mutated(rng)
            day = date(2015, 1, 1) + timedelta(days=at % 3000)
            name = f"f{at}_{day:%Y%m%d}.{one.ending}"
            made[name] = one
            office.deliver(name, one.content)
        summary = land(
            office.home, office.landing, office.contracts, office.codes, date(2026, 11, 20),
            f"run{first}", 60, "500MB", said.append, LIMITS,
        )  # fmt: skip
        receipts = {receipt.file_name: receipt for receipt in summary.receipts}
        assert sorted(receipts) == sorted(made)
        for name, one in made.items():
            fault = wrong(office, receipts[name], one)
            assert fault is None, f"seed {SEED} file {name} ({one.what}, {one.ending}): {fault}"
            seen[one.what.split(" ")[0], receipts[name].status] += 1
        assert not any(MARK in line for line in said)
        for name in made:
            (office.landing / PAYMENT / name).unlink()
    assert FILES < 200 or len({what for what, _ in seen}) == len({w.split()[0] for w, _ in CHANGES})


def wrong(office: Office, receipt: Receipt, one: Mutated) -> str | None:
    """What breaks the promise about this file."""
    if MARK in json.dumps([receipt.reason, receipt.repairs], ensure_ascii=False):
        return "a value stands in the receipt"
    if receipt.status == REFUSED:
        if not receipt.reason or "could not be read" in receipt.reason:
            return f"refused without a proper reason: {receipt.reason}"
        if one.what == "sound":
            return f"refused though sound: {receipt.reason}"
        return None if receipt.rows_read is None else "refused, yet rows were counted"
    if receipt.status != LANDED:
        return None  # the same bytes as a file before
    if not one.may_land:
        return "landed though it must not"
    counted = (receipt.rows_landed or 0) + (receipt.rows_quarantined or 0)
    if receipt.rows_read != counted + (receipt.rows_superseded or 0):
        return "rows do not add up"
    if one.rows is not None and receipt.rows_read != one.rows:
        return f"{receipt.rows_read} rows read of {one.rows}"
    landed = pl.read_parquet(office.home.lake / str(receipt.parquet)).height
    aside = (
        pl.read_parquet(office.home.quarantine / receipt.quarantine).height
        if receipt.quarantine else 0
    )  # fmt: skip
    if (landed, aside) != (receipt.rows_landed, receipt.rows_quarantined):
        return "the receipt counts other rows than there are"
    return None


def test_names_and_links_that_play_tricks(office: Office, tmp_path: Path) -> None:
    folder = office.landing / PAYMENT
    folder.mkdir(parents=True)
    secret = tmp_path / "secret_20261118.csv"
    secret.write_text("secret")
    tricks = {
        "link_20261118.csv": secret, "dangling_20261118.csv": tmp_path / "nowhere",
        "loop_20261118.csv": folder / "loop_20261118.csv", "up": office.landing,
    }  # fmt: skip
    for name, target in tricks.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "pipe_20261118.csv")
    (folder / "folder_20261118.csv").mkdir()
    (folder / "folder_20261118.csv" / "deep_20261118.csv").write_text("x")
    names = [
        "x..%2f..%2fetc_20261118.csv", "a\nb_20261118.csv", "-rf_20261118.csv",
        "a'b;--_20261118.csv", "王小明_20261118.csv", "110101194910010013_20261118.csv",
        "%s{}_20261118.csv",
    ]  # fmt: skip
    for name in names:
        (folder / name).write_text(name)
    raw = os.fsencode(folder) + b"/" + "结算".encode("gb18030") + b"_20261118.csv"
    with open(raw, "w") as file:
        file.write("gb name")
    for path in folder.iterdir():
        if not path.is_symlink():
            os.utime(path, (1_700_000_000,) * 2)
        else:
            os.utime(path, (1_700_000_000,) * 2, follow_symlinks=False)
    os.utime(folder / "folder_20261118.csv" / "deep_20261118.csv", (1_700_000_000,) * 2)
    summary = office.land()
    assert all(receipt.status == REFUSED for receipt in summary.receipts)
    assert len(summary.receipts) == len(tricks) + 1 + 1 + len(names) + 1
    assert sum("a link" in str(r.reason) for r in summary.receipts) == len(tricks)
    shown = " ".join(receipt.shown_path for receipt in summary.receipts)
    assert "王小明" not in shown and "110101194910010013" not in shown and "结算_2026" in shown
    assert office.land(run="again").receipts == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("低保王小明_20261118.xlsx", "低保□_20261118.xlsx"),
        ("古丽·买买提_20261119.csv", "□_20261119.csv"),
        ("110101194910010013_20261121.csv", "□_20261121.csv"),
        ("110101-19491001-0013_20261118.csv", "□_20261118.csv"),
        ("１１０１０１１９４９１００１００１３_20261118.csv", "□_20261118.csv"),
        ("x 13912345678_20261118.csv", "x □_20261118.csv"),
        ("ybj_settlement_371121_20261118.csv.gz", "ybj_settlement_371121_20261118.csv.gz"),
        ("结算明细20261119093000_20261119.csv", "结算明细20261119093000_20261119.csv"),
        ("张三_20261118.csv", "□_20261118.csv"),
    ],
)
def test_names_that_may_be_shown(office: Office, name: str, shown: str) -> None:
    from pipelines.intake.file_names import FileNames

    assert FileNames(office.contracts, office.codes).shown(name) == shown
