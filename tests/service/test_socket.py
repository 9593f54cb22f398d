"""Where the code location is spoken to: a path that Linux takes, in a folder of this user alone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipelines.lake.home import Home
from pipelines.service import serve


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder of temporary files, by a short name."""
    monkeypatch.setattr(serve, "gettempdir", lambda: str(tmp_path))
    return tmp_path


def long_home(folder: Path) -> Home:
    return Home(folder / ("县" * 40) / ("x" * 60)).create()


def test_it_lies_below_a_home_where_that_is_short_enough(tmp_path: Path) -> None:
    home = Home(Path("/h"))
    assert serve.socket_file(home).is_relative_to(home.root)
    assert not serve.socket_file(long_home(tmp_path)).is_relative_to(tmp_path / ("县" * 40))


def test_a_long_home_gets_one_that_can_be_bound(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, other = long_home(temporary / "a"), long_home(temporary / "b")
    place = serve.socket_file(home)
    assert place == serve.socket_file(Home(home.root)) != serve.socket_file(other)
    assert serve._socket_fault(home) is None and serve._socket_fault(home) is None
    assert place.parent.stat().st_mode & 0o777 == 0o700
    shorter = Path("s") / place.name  # pytest's own folder may be long
    monkeypatch.chdir(temporary)
    monkeypatch.chdir(temporary)
    Path("s").symlink_to(place.parent)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(shorter))
    assert place.is_socket()


def test_a_folder_that_others_can_open_is_refused(temporary: Path) -> None:
    home = long_home(temporary)
    folder = serve.socket_file(home).parent
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert "is not a folder of this user alone" in (serve._socket_fault(home) or "")
    folder.rmdir()
    folder.symlink_to(temporary)
    assert "is not a folder of this user alone" in (serve._socket_fault(home) or "")
