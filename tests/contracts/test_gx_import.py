"""Great Expectations is imported beside other work, and what fails then fails where it is used."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from pipelines.contracts import gx_import

BESIDE = """
import sys
from pipelines.contracts import gx_import
gx_import.begin()
gx_import.begin()
found = gx_import.great_expectations()
assert found is sys.modules["great_expectations"]
import scipy.stats
assert scipy.stats.norm.cdf(0) == 0.5
assert "pyspark" not in sys.modules
print("whole")
"""


def test_it_is_whole_however_often_it_is_begun() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BESIDE], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("whole\n", "")


def test_what_fails_ahead_is_told_and_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ImportError("no such module")

    monkeypatch.setattr(gx_import, "great_expectations", broken)
    with caplog.at_level(logging.WARNING, "jiuzhulian.expectations"):
        gx_import._ahead()
    assert "ImportError" in caplog.text
