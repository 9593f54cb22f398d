"""What a night was made with, kept beside it by content: its policy, and its contracts.

Kept once per content, whatever the folder is called and however many nights share it, so that a
past night can be explained, replayed and compared after the files of today have moved on.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from pipelines.errors import NotFound
from pipelines.lake import fingerprint
from pipelines.lake.closed import close_below
from pipelines.lake.home import Home

POLICY, CONTRACTS = "policy", "contracts"
#: what of schemas/ decides what a night finds; promises of tables belong to the code
CONTRACT_FOLDERS = (
    "sources", "codes", "lookups", "linkage", "assistance", "orders", "publish", "views", "macros",
)  # fmt: skip


def keep_policy(home: Home, folder: Path) -> str:
    """Keep a policy folder; its digest, as `fingerprint.folder` gives it."""
    digest = fingerprint.folder(folder)
    _keep(home.kept / POLICY / digest / folder.resolve().name, {"": folder})
    return digest


def keep_contracts(home: Home, schemas: Path) -> str:
    """Keep the contract folders of ``schemas``; their digest together."""
    folders = {name: schemas / name for name in CONTRACT_FOLDERS if (schemas / name).is_dir()}
    digest = contracts_digest(schemas)
    _keep(home.kept / CONTRACTS / digest / "schemas", folders)
    return digest


def contracts_digest(schemas: Path) -> str:
    """One digest over all of CONTRACT_FOLDERS."""
    digest = hashlib.sha256()
    for name in CONTRACT_FOLDERS:
        if (schemas / name).is_dir():
            digest.update(f"{name} {fingerprint.folder(schemas / name)}\n".encode())
    return digest.hexdigest()


def kept_policy(home: Home, digest: str) -> Path | None:
    """The kept policy folder under its own name, or None where it was never kept."""
    return next(iter(sorted((home.kept / POLICY / digest).glob("*"))), None) if digest else None


def kept_contracts(home: Home, digest: str) -> Path | None:
    folder = home.kept / CONTRACTS / digest / "schemas"
    return folder if digest and folder.is_dir() else None


def policy_of(home: Home, digest: str, night: object) -> Path:
    """The kept policy of a night; NotFound where that night was made before policies were kept."""
    if (folder := kept_policy(home, digest)) is None:
        raise NotFound(
            f"the policy of {night} was not kept with it: run that night again with the policy "
            "of then (`jiuzhulian run --as-of … --policy …`), which keeps it"
        )
    return folder


def _keep(target: Path, folders: dict[str, Path]) -> None:
    """Copy folders into ``target`` in one step; what is there already stays."""
    if target.exists():
        return
    partial = target.parent.with_name(f".{target.parent.name}.{secrets.token_hex(4)}")
    partial.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for name, folder in folders.items():
            shutil.copytree(folder, partial / target.name / name, dirs_exist_ok=True)
        close_below(partial)
        if target.parent.exists():  # the same content under another name
            os.replace(partial / target.name, target)
        else:
            os.replace(partial, target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
