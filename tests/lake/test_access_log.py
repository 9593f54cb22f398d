"""The access log: what is altered, moved, taken out or cut off is seen; many may write at once."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import JiuzhulianError
from pipelines.lake import access_log
from pipelines.lake.access_log import Head, log_file, record, verify
from pipelines.lake.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def fill(home: Home, entries: int = 5) -> Head:
    for number in range(entries):
        record(home, "explain_names", f"复核 {number}", [f"C{number}"])
    return verify(home)[0]


def lines(home: Home) -> list[str]:
    return log_file(home).read_text(encoding="utf-8").splitlines(keepends=True)


def test_a_log_that_nobody_touched_holds(home: Home) -> None:
    assert verify(home) == (Head(0, access_log.FIRST), [])
    head = fill(home)
    assert verify(home) == (head, [])
    assert head.entries == 5
    found = list(access_log.entries(home))
    assert [one.sequence for one in found] == [1, 2, 3, 4, 5]
    assert found[2].subjects == ("C2",) and found[2].purpose == "复核 2"
    assert stat.S_IMODE(log_file(home).stat().st_mode) == 0o600


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_change_is_seen(home: Home, data: st.DataObject) -> None:
    """A byte altered, a line taken out, two lines changed places, a line twice: never unseen."""
    if not log_file(home).exists():
        fill(home)
    whole = lines(home)
    kind = data.draw(st.sampled_from(["byte", "out", "swap", "twice"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = list(whole)
    if kind == "byte":
        raw = bytearray(whole[at].encode())
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= data.draw(st.integers(1, 255))
        text = b"".join([*(w.encode() for w in whole[:at]), bytes(raw),
                         *(w.encode() for w in whole[at + 1 :])])  # fmt: skip
    else:
        other = data.draw(st.integers(0, len(whole) - 1).filter(lambda n: n != at))
        if kind == "out":
            del changed[at]
        elif kind == "swap":
            changed[at], changed[other] = changed[other], changed[at]
        else:
            changed.insert(other, whole[at])
        text = "".join(changed).encode()
    log_file(home).write_bytes(text)
    try:
        meant = [json.loads(line) for line in text.decode().splitlines()]
    except ValueError:
        meant = []
    same = meant == [json.loads(line) for line in whole]
    assert (verify(home)[1] == []) == same
    log_file(home).write_text("".join(whole), encoding="utf-8")


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_a_tail_that_was_cut_is_seen_and_nothing_more_is_shown(home: Home, kept: int) -> None:
    fill(home)
    log_file(home).write_text("".join(lines(home)[:kept]), encoding="utf-8")
    assert "lines at the end are missing" in verify(home)[1][-1]
    with pytest.raises(JiuzhulianError, match="does not end as its head says"):
        record(home, "seal", "备份")


def test_a_log_cut_together_with_its_head_is_seen_by_who_noted_the_head(home: Home) -> None:
    noted = fill(home)
    head_file = home.access_log / "head.json"
    first = json.loads(lines(home)[1])
    log_file(home).write_text("".join(lines(home)[:2]), encoding="utf-8")
    head_file.write_text(json.dumps({"entries": 2, "hash": first["hash"]}), encoding="utf-8")
    assert verify(home)[1] == []
    assert "lines at the end are missing" in verify(home, [Head.read(str(noted))])[1][0]


def test_a_log_that_was_written_anew_is_seen_by_who_noted_the_head(home: Home) -> None:
    noted = fill(home)
    for path in home.access_log.iterdir():
        path.unlink()
    fill(home, 7)
    assert verify(home)[1] == []
    assert verify(home, [noted])[1] != []


def test_a_head_that_is_gone_is_seen(home: Home) -> None:
    fill(home)
    (home.access_log / "head.json").unlink()
    assert verify(home)[1] == ["the head of the log is missing"]
    with pytest.raises(JiuzhulianError):
        record(home, "seal", "备份")


def test_a_crash_between_line_and_head_or_in_a_line_is_no_tampering(home: Home) -> None:
    fill(home)
    head_file = home.access_log / "head.json"
    before = head_file.read_bytes()
    record(home, "review", "复核")
    head_file.write_bytes(before)  # the head was not written any more
    with log_file(home).open("a", encoding="utf-8") as file:
        file.write('{"half": ')  # nor the next line to its end
    record(home, "review", "复核")
    head, faults = verify(home)
    assert (head.entries, faults) == (7, [])


def _many(root: str, word: str) -> None:
    home = Home(Path(root))
    for number in range(25):
        record(home, "explain_names", word, [f"C{number}"])


def test_several_processes_write_at_once(home: Home) -> None:
    context = multiprocessing.get_context("fork")
    working = [
        context.Process(target=_many, args=(str(home.root), f"甲{number}")) for number in range(4)
    ]
    for one in working:
        one.start()
    for one in working:
        one.join(timeout=60)
    assert [one.exitcode for one in working] == [0] * 4
    head, faults = verify(home)
    assert (head.entries, faults) == (100, [])
    purposes = [one.purpose for one in access_log.entries(home)]
    assert {word: purposes.count(word) for word in set(purposes)} == {
        f"甲{number}": 25 for number in range(4)
    }


def test_a_log_that_cannot_be_written_lets_nothing_be_shown(home: Home) -> None:
    home.access_log.rmdir()
    home.access_log.write_text("in the way", encoding="utf-8")
    with pytest.raises(JiuzhulianError, match="cannot be written"):
        record(home, "explain_names", "复核")
