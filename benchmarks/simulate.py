"""Another policy on a night of a HOME that is there already: time and memory of `simulate`.

    python -m benchmarks.simulate --home HOME [--as-of YYYY-MM-DD]

Three whole processes, start-up included: the night's own policy (nothing may change), a lower
line, and another value behind an indicator, for which indicators are worked out again.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Measured, jiuzhulian, machine, measure
from pipelines.lake.home import Home
from pipelines.lake.kept import policy_of
from pipelines.lake.past import manifest_of

#: label → (file, what is put for what) in a copy of the night's policy
CHANGES: dict[str, tuple[str, str, str] | None] = {
    "own policy": None,
    "lower line": ("rules.yaml", r"(when: \w+ > )(0?\.\d+)( \* disposable)", r"\g<1>0.1\g<3>"),
    "value behind an indicator": (
        "parameters.yaml", r"(dibao_standard:(?:\n .*)*?\n +value: )(\d+)", r"\g<1>1234",
    ),
}  # fmt: skip


def trial(policy: Path, folder: Path, change: tuple[str, str, str] | None) -> Path:
    """A copy of a policy with one thing changed; fails where there is nothing to change."""
    shutil.copytree(policy, folder)
    if change:
        file, old, new = change
        text = (folder / file).read_text(encoding="utf-8")
        changed, count = re.subn(old, new, text, count=1)
        if not count:
            raise SystemExit(f"{file} of the policy has nothing that looks like {old}")
        (folder / file).write_text(changed, encoding="utf-8")
    return folder


def measured(home: Path, night: str, scratch: Path, log: Path) -> dict[str, Measured]:
    """What `simulate` took, by what was changed."""
    made = manifest_of(Home(home))
    policy = policy_of(Home(home), made.policy_sha256, made.as_of)
    found = {}
    for label, change in CHANGES.items():
        folder = trial(policy, scratch / label.replace(" ", "_"), change)
        words = ("simulate", "--policy", str(folder), "--home", str(home), "--as-of", night)
        found[label] = measure(jiuzhulian(*words, "--format", "json"), str(log))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", default=None)
    given = parser.parse_args(arguments)
    night = given.as_of or manifest_of(Home(given.home)).as_of.isoformat()
    print(json.dumps(machine()))
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log.txt"
        for label, took in measured(given.home, night, Path(scratch), log).items():
            failed += took.exit_code != 0
            print(
                f"{label:>26}: {took.wall_seconds:6.1f} s wall  {took.cpu_seconds:6.1f} s cpu  "
                f"{took.peak_megabytes:6.0f} MB peak  exit {took.exit_code}"
            )
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
