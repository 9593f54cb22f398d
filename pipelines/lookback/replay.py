"""A past night again as it was: what it had received, its policy, its contracts, on its night.

All of it happens in a scratch HOME below ``restricted/replay`` that is removed again, so the state
of the HOME stays as it is. Every table is made anew, none is taken over; then each is held
against what that night made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import NotFound
from pipelines.lake.home import Home
from pipelines.lake.kept import CONTRACT_FOLDERS, contracts_digest, kept_contracts, policy_of
from pipelines.lake.manifest import Manifest, load_manifest, manifest_path, manifest_sha256
from pipelines.lake.night import Night
from pipelines.lake.past import manifest_of
from pipelines.lake.pointer import Pointer
from pipelines.lake.table_diff import TableDiff, table_diff
from pipelines.publish.version import code_version
from pipelines.rooms import rooms
from pipelines.settings import SCHEMAS, Settings
from pipelines.standard.promises import contract_promise
from pipelines.standard.registry import register_views

#: about the run itself, and which deliveries and days it found new: how it was made, not what it
#: holds (a replay makes everything from nothing)
OF_THE_RUN = frozenset({"meta.run"})
HOW_IT_WAS_MADE = frozenset({"hardship.medical_delivery", "hardship.touched_day"})


@dataclass(frozen=True)
class Replay:
    """How each table of a night came out again, and what could make a difference."""

    as_of: date
    tables: tuple[TableDiff, ...]
    left_out: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def same(self) -> bool:
        return all(table.same for table in self.tables)


def replay(
    home: Path,
    as_of: date,
    log: Callable[[str, int, float], None] = lambda *_: None,
    only: frozenset[str] | None = None,
) -> Replay:
    """Run a past night again; ``log`` hears of each table (name, rows, seconds).

    ``only`` names rooms to be made; what comes after them in the flow is left out.
    """
    store = Home(home)
    made = manifest_of(store, as_of)
    warnings = _warnings(store, made)
    with scratch(store, made) as (copy, settings):
        night = Night(
            copy, made.as_of, settings, rebuild=True,
            contract_promises=lambda table: contract_promise(table, settings.schemas),
        )  # fmt: skip
        try:
            register_views(night)
            built = []
            for room in rooms():
                if only is not None and room.name not in only:
                    continue
                for table in room.tables:
                    if table in OF_THE_RUN or table not in made.tables:
                        continue
                    done = room.build(table, night)
                    log(table, done.rows, done.seconds)
                    built.append(table)
            tables = tuple(
                _compared(night, table, made.tables[table], store, copy)
                for table in built
                if table not in HOW_IT_WAS_MADE
            )
        finally:
            night.close()
    left_out = tuple(sorted(set(made.tables) - {one.table for one in tables}))
    return Replay(made.as_of, tables, left_out, tuple(warnings))


def as_json(found: Replay) -> dict[str, Any]:
    return {
        "as_of": found.as_of.isoformat(),
        "same": found.same,
        "tables": [asdict(table) | {"same": table.same} for table in found.tables],
        "not_compared": list(found.left_out),
        "notes": list(found.warnings),
    }


def _compared(night: Night, table: str, then: Pointer, store: Home, copy: Home) -> TableDiff:
    now = night.pointer(table)
    return table_diff(night.engine, night.promise(table), then, now, store.lake, copy.lake)


def _warnings(store: Home, made: Manifest) -> list[str]:
    """Why a replay may come out otherwise, in words."""
    told = []
    if made.code_version != code_version():
        told.append(
            f"the night was made by {made.code_version}, this is {code_version()}: a difference "
            "may be the code's; the code of then shows it as it was"
        )
    if made.previous and (
        not manifest_path(store, made.previous).exists()
        or manifest_sha256(store, made.previous) != made.previous_sha256
    ):
        told.append(
            f"the night of {made.previous} that it stood on has been made anew since: what it "
            "takes from there (ids, cases, what was in force) may be other than then"
        )
    if made.contracts_sha256 and made.contracts_sha256 != contracts_digest(SCHEMAS):
        told.append("the contracts have changed since; those kept with the night are used")
    return told


@contextmanager
def scratch(store: Home, made: Manifest) -> Iterator[tuple[Home, Settings]]:
    """A HOME that holds what the night stood on, by links, and settings that are of then."""
    policy = policy_of(store, made.policy_sha256, made.as_of)
    contracts = kept_contracts(store, made.contracts_sha256)
    if contracts is None:
        raise NotFound(
            f"the contracts of {made.as_of} were not kept with it: run that night again, which "
            "keeps them"
        )
    _wipe_dead(store.restricted / "replay")
    root = store.restricted / "replay" / f"{made.as_of:%Y%m%d}-{os.getpid()}"
    root.mkdir(mode=0o700, parents=True)
    try:
        copy = Home(root).create()
        copy.landed.rmdir()
        copy.landed.symlink_to(store.landed)
        copy.quarantine.rmdir()
        copy.quarantine.symlink_to(store.quarantine)
        copy.key_file.symlink_to(store.key_file)
        for folder, names, into in (
            (store.receipts, [f"{name}.json" for name in made.receipts], copy.receipts),
            (store.disputes, [f"{name}.json" for name in made.disputes], copy.disputes),
            (store.acceptances, [f"{name}.json" for name in made.acceptances], copy.acceptances),
            (store.judgements, [f"{name}.jsonl" for name in made.judgements], copy.judgements),
            (store.corrections, [f"{name}.json" for name in made.corrections], copy.corrections),
        ):
            for name in names:
                (into / name).symlink_to(folder / name)
        if made.previous and manifest_path(store, made.previous).exists():
            _stand_on(store, copy, load_manifest(store, made.previous))
        schemas = root / "schemas"
        schemas.mkdir()
        for name in (*CONTRACT_FOLDERS, "tables"):
            kept = contracts / name
            (schemas / name).symlink_to(kept if kept.is_dir() else SCHEMAS / name)
        settings = Settings(home=root, policy=policy, schemas=schemas)
        yield copy, settings.model_copy(update=dict(made.settings))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _wipe_dead(folder: Path) -> None:
    """Remove what replays that were cut off left behind."""
    for leftover in folder.glob("*-*"):
        try:
            os.kill(int(leftover.name.rpartition("-")[2]), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(leftover, ignore_errors=True)
        except PermissionError:
            continue  # somebody else's, and alive


def _stand_on(store: Home, copy: Home, before: Manifest) -> None:
    """Let the scratch HOME have the night before, its files as links."""
    before.save(copy)
    for pointer in before.tables.values():
        for path in pointer.paths(store.lake):
            link = copy.lake / path.relative_to(store.lake)
            link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not link.is_symlink():
                link.symlink_to(path)
