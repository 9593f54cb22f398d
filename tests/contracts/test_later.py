"""Modules that are imported when something of them is used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.contracts.later import imported_later


def test_a_module_waits_and_then_is_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_load.py").write_text("VALUE = 7\n", encoding="utf-8")
    (tmp_path / "wants_it.py").write_text("import slow_to_load as slow\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with imported_later("slow_to_load"):
        import wants_it  # type: ignore[import-not-found]
    assert "slow_to_load" not in sys.modules
    assert wants_it.slow.VALUE == 7
    assert sys.modules["slow_to_load"].__file__ == str(tmp_path / "slow_to_load.py")
    with pytest.raises(AttributeError):
        _ = wants_it.slow.nothing_of_that_name
    for name in ("slow_to_load", "wants_it"):
        monkeypatch.delitem(sys.modules, name)


def test_what_is_loaded_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    with imported_later("json"):
        assert sys.modules["json"] is json
    assert sys.modules["json"] is json


def test_what_is_left_out_cannot_be_imported_inside() -> None:
    was = sys.modules.pop("this", None)
    with imported_later(without=["this"]), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules
    if was is not None:
        sys.modules["this"] = was
