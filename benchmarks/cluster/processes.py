"""What processes and their children have taken so far, as the operating system says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import TICKS


class Watched:
    """Groups of processes by name, each given by the ids of those at its root.

    Children count while they run, but for those at the root of another group; none of those that
    are watched here ends before the last look.
    """

    def __init__(self, roots: Mapping[str, Sequence[int]]) -> None:
        self.roots = roots

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far, by name of the group with `_cpu`."""
        return {
            f"{name}_cpu": sum(_seconds(pid) for pid in self._family(name)) for name in self.roots
        }

    def peak_megabytes(self) -> dict[str, int]:
        """The most memory that a single process of each group has held."""
        return {
            name: max((_high_water(pid) for pid in self._family(name)), default=0)
            for name in self.roots
        }

    def _family(self, name: str) -> set[int]:
        others = {pid for other, roots in self.roots.items() if other != name for pid in roots}
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                parents[int(entry.name)] = int(fields[1])
        found, grown = set(self.roots[name]) & parents.keys(), True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in found} - found - others
            found, grown = found | more, bool(more)
        return found


def _stat(pid: int) -> list[str]:
    """The fields after the name in brackets, which may hold blanks; none where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return []


def _seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0][1]) // 1024 if lines else 0
