"""The asset graph as the tests of this folder look at it."""

from __future__ import annotations

from functools import cache

import dagster as dg

from assets.groups import room_of
from pipelines.definitions import defs
from pipelines.rooms import ROOMS


@cache
def repository() -> dg.RepositoryDefinition:
    return loaded().get_repository_def()


@cache
def loaded() -> dg.Definitions:
    return defs()


@cache
def specs() -> dict[str, dg.AssetSpec]:
    """Every asset by ``schema.table``."""
    found = loaded().resolve_all_asset_specs()
    return {".".join(spec.key.path): spec for spec in found}


def deps(spec: dg.AssetSpec) -> set[str]:
    return {".".join(dep.asset_key.path) for dep in spec.deps}


def room(spec: dg.AssetSpec) -> str:
    """The room that its group belongs to."""
    return room_of(str(spec.group_name))


def place(spec: dg.AssetSpec) -> int:
    """Where its room stands in the flow."""
    return ROOMS.index(room(spec))


def text() -> str:
    """The graph as it is kept beside the tests: room, asset, and what it is made from."""
    lines = []
    for one in ROOMS:
        lines.append(f"[{one}]")
        for name, spec in sorted(specs().items()):
            if room(spec) == one:
                lines.append(f"{name} <- {' '.join(sorted(deps(spec))) or '-'}")
    return "\n".join(lines) + "\n"
