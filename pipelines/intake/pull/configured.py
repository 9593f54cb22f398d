"""What is wrong with the configured databases and remote folders, seen without connecting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pipelines.contracts.model import Contract
from pipelines.delivery_settings import Database, Remote, secret_faults
from pipelines.settings import Settings


def delivery_faults(settings: Settings, contracts: Mapping[str, Contract]) -> list[str]:
    """Every fault, each with the setting that holds it."""
    faults: list[str] = []
    for name, database in settings.databases.items():
        where = f"settings: databases.{name}"
        faults += [f"{where}: {fault}" for fault in _database(name, database, contracts)]
    for name, remote in settings.remotes.items():
        where = f"settings: remotes.{name}"
        faults += [f"{where}: {fault}" for fault in _remote(name, remote, contracts)]
    tables = Counter(
        table.dataset for database in settings.databases.values() for table in database.tables
    )
    faults += [
        f"settings: {dataset} is pulled from {count} tables: one table holds a dataset; have the "
        "department offer a view that joins them"
        for dataset, count in tables.items()
        if count > 1
    ]
    return faults


def _database(name: str, database: Database, contracts: Mapping[str, Contract]) -> Iterator[str]:
    yield from secret_faults(name, database)
    if not database.tables:
        yield "names no tables: list them as [[databases.<name>.tables]]"
    for table in database.tables:
        contract = contracts.get(table.dataset)
        if contract is None:
            yield _no_contract(table.dataset)
        elif contract.mode == "append" and table.cursor is None:
            yield (
                f"{table.dataset} grows: name the column by which new rows are found "
                "(cursor = time of change, or an ascending id)"
            )
        elif contract.mode != "append" and table.cursor is not None:
            yield f"{table.dataset} is a snapshot and pulled whole: take its cursor out"


def _remote(name: str, remote: Remote, contracts: Mapping[str, Contract]) -> Iterator[str]:
    yield from secret_faults(name, remote)
    if remote.host_key is None and remote.known_hosts is None:
        yield (
            "names no host key: without it anybody could pose as the server. Give host_key or "
            "known_hosts (ssh-keyscan shows the key; have the department confirm it)"
        )
    if remote.host_key is not None and not _is_key(remote.host_key):
        yield 'host_key is no public key: give it as ssh-keyscan prints it, "ssh-ed25519 AAAA…"'
    if remote.known_hosts is not None and not remote.known_hosts.is_file():
        yield f"known_hosts {remote.known_hosts} does not exist"
    if not remote.folders:
        yield "names no folders: list them as [[remotes.<name>.folders]]"
    for folder in remote.folders:
        if folder.dataset not in contracts:
            yield _no_contract(folder.dataset)


def _is_key(text: str) -> bool:
    import asyncssh  # takes a moment to load, and few sites need it

    try:
        asyncssh.import_public_key(text)
    except (asyncssh.KeyImportError, ValueError):
        return False
    return True


def _no_contract(dataset: str) -> str:
    return f"no contract for {dataset}: correct it or write the contract"
