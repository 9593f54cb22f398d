"""What intake reads of the files is what was meant, but for the faults that were written."""

import hashlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.codes import load_codes
from pipelines.contracts.load import load_contracts
from pipelines.intake.convert import convert
from pipelines.intake.discover import Found, discover
from tests.synthetic.conftest import Written

# columns that carry written faults
FAULTY = ("identity_number", "person_name", "phone", "sex")
CONTRACTS, CODES = load_contracts(), load_codes()


def _files(city: Written) -> list[Found]:
    found = discover(city.path / "landing", CONTRACTS, date(2027, 1, 1), 0).files
    return [file for file in found if "chongbao" not in file.relative_path]


def test_every_file_reads_back(city: Written, tmp_path: Path) -> None:
    endings = set()
    for file in _files(city):
        endings.add(file.ending)
        contract = CONTRACTS[file.key]
        digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
        done = convert(file, digest, contract, CODES, tmp_path)
        meant = city.truth(file.key.replace("/", "__")).filter(pl.col("file") == file.relative_path)
        assert done.rows_read == meant.height
        assert done.rows_quarantined == meant["quarantined"].sum()
        landed = pl.read_parquet(done.landed)
        both = landed.join(meant, on="row_number", suffix="_meant")
        columns = [c.name for c in contract.columns if c.kind not in FAULTY]
        for column in ("record_key", *(c for c in columns if c != "birth_date")):
            other = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_meant")))
            assert other.height == 0, (file.relative_path, column)
    assert endings == {"csv", "csv.gz", "xlsx", "parquet"}


def test_files_come_in_every_encoding(city: Written) -> None:
    heads = [p.read_bytes() for p in (city.path / "landing").rglob("*.csv")]
    assert any(head.startswith(b"\xef\xbb\xbf") for head in heads)
    assert any(b"\t" in head for head in heads)
    kinds = set()
    for head in heads:
        try:
            head.decode("utf-8")
            kinds.add("utf-8")
        except UnicodeDecodeError:
            head.decode("gb18030")
            kinds.add("gb18030")
    assert kinds == {"utf-8", "gb18030"}


@pytest.mark.parametrize("fault", ["missing", "wrong_digit", "fifteen", "spaced", "rounded"])
def test_faults_stand_in_the_mentions(city: Written, fault: str) -> None:
    faults = city.truth("mention")["number_fault"]
    assert (faults == fault).sum() > 0
