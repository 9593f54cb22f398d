"""Sealed folders: nothing in the clear, opened by its key alone, whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path

import pyrage
import pytest

from pipelines import sealing
from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from tests.privacy.search import Search

WORD = "龘靐齉"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home").create()
    folder = made.outbox / "township" / "371121901"
    folder.mkdir(parents=True)
    (folder / f"{WORD}.xlsx").write_bytes(WORD.encode() * 1000)
    made.identity.write_bytes(os.urandom(3 << 20) + WORD.encode())
    (made.tmp / "spill").write_text(WORD, encoding="utf-8")
    made.key()
    return made


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "key.txt"
    return path, sealing.new_key(path)


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*") if path.is_file()
    }  # fmt: skip


def test_what_is_sealed_comes_back_whole_and_closed(
    home: Home, key: tuple[Path, str], tmp_path: Path
) -> None:
    path, recipient = key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    out = tmp_path / "restricted.age"
    made = sealing.seal(home, "restricted", out, sealing.recipients_of([recipient]))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert Search({"it": WORD}).in_bytes(out.read_bytes()) == set()
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".partial")] == []
    opened = tmp_path / "opened"
    back = sealing.unseal(out, opened, sealing.identities_of(path))
    expected = contents(home.root)
    expected.pop("restricted/tmp/spill")
    assert contents(opened) == expected
    assert made.files == back.files == len(expected)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in opened.rglob("*") if p.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (opened, *opened.rglob("*")) if p.is_dir()} == {
        0o700
    }


def test_the_outbox_alone_for_two_readers(
    home: Home, key: tuple[Path, str], tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    whom = tmp_path / "recipients"
    whom.write_text(f"# the county\n{key[1]}\n{sealing.new_key(other)}\n", encoding="ascii")
    out = tmp_path / "outbox.age"
    sealing.seal(home, "outbox", out, sealing.recipients_of([], whom))
    for number, path in enumerate((key[0], other)):
        opened = tmp_path / f"opened{number}"
        sealing.unseal(out, opened, sealing.identities_of(path))
        assert list(contents(opened)) == [f"restricted/outbox/township/371121901/{WORD}.xlsx"]


def sealed(home: Home, key: tuple[Path, str], tmp_path: Path) -> Path:
    out = tmp_path / "x.age"
    sealing.seal(home, "restricted", out, sealing.recipients_of([key[1]]))
    return out


@pytest.mark.parametrize("harm", ["another key", "cut", "cut early", "altered", "no age file"])
def test_what_cannot_be_opened_leaves_nothing(
    home: Home, key: tuple[Path, str], tmp_path: Path, harm: str
) -> None:
    out = sealed(home, key, tmp_path)
    data = bytearray(out.read_bytes())
    path = key[0]
    if harm == "another key":
        path = tmp_path / "stranger.txt"
        sealing.new_key(path)
    elif harm == "cut":
        del data[-70_000:]
    elif harm == "cut early":
        del data[300:]
    elif harm == "altered":
        data[len(data) // 2] ^= 1
    else:
        data = bytearray(b"hello")
    out.write_bytes(bytes(data))
    opened = tmp_path / "opened"
    with pytest.raises(JiuzhulianError, match="cannot be opened"):
        sealing.unseal(out, opened, sealing.identities_of(path))
    assert [p.name for p in tmp_path.iterdir() if "opened" in p.name] == []


@pytest.mark.parametrize("trick", ["../outside", "/tmp/outside", "link", "device"])
def test_an_archive_with_tricks_is_not_unpacked(
    home: Home, key: tuple[Path, str], tmp_path: Path, trick: str
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("restricted/x" if trick in ("link", "device") else trick)
        if trick == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        if trick == "device":
            entry.type = tarfile.CHRTYPE
        entry.size = 0 if trick in ("link", "device") else 4
        archive.addfile(entry, io.BytesIO(b"evil"[: entry.size]))
    out = tmp_path / "x.age"
    out.write_bytes(pyrage.encrypt(packed.getvalue(), sealing.recipients_of([key[1]])))
    inner = tmp_path / "deep" / "opened"
    with pytest.raises(JiuzhulianError, match="cannot be opened"):
        sealing.unseal(out, inner, sealing.identities_of(key[0]))
    assert not inner.exists()
    assert not (tmp_path / "deep" / "outside").exists()


def test_a_key_that_others_can_read_is_refused(key: tuple[Path, str]) -> None:
    key[0].chmod(0o644)
    with pytest.raises(JiuzhulianError, match="can be read by others"):
        sealing.identities_of(key[0])


def test_never_into_published_and_never_over_a_folder(
    home: Home, key: tuple[Path, str], tmp_path: Path
) -> None:
    whom = sealing.recipients_of([key[1]])
    with pytest.raises(JiuzhulianError, match="published"):
        sealing.seal(home, "outbox", home.published / "x.age", whom)
    with pytest.raises(JiuzhulianError, match="cannot be sealed"):
        sealing.seal(home, "everything", tmp_path / "x.age", whom)
    with pytest.raises(JiuzhulianError, match="is there already"):
        sealing.unseal(sealed(home, key, tmp_path), tmp_path, [])


@pytest.mark.parametrize("word", ["", "age1nobody", "ssh-ed25519 AAAA"])
def test_a_recipient_that_is_none(word: str) -> None:
    with pytest.raises(JiuzhulianError):
        sealing.recipients_of([word] if word else [])
