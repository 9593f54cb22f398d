"""What a publication was made from, and what came of it, as hashes: the same gives the same.

Two homes with the same key that received the same files on the same nights, under the same policy,
contracts, settings and code, say the same of themselves and hold the same tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pipelines.lake import fingerprint
from pipelines.lake.acceptance import load_acceptances
from pipelines.lake.kept import contracts_digest
from pipelines.lake.night import Night
from pipelines.lake.past import PastNight
from pipelines.publish.version import code_version

#: kept in a night's folder of the lake, so that the night after it can name it
FILE = "made_from.sha256"
ENGINES = ("duckdb", "polars", "splink")


def made_from(night: Night) -> dict[str, Any]:
    """Everything on which the tables of a night rest; no name of a file, no value of a person."""
    before = night.previous
    told = {
        "as_of": night.as_of.isoformat(),
        "key": hashlib.sha256(b"jiuzhulian key " + night.key).hexdigest()[:16],
        "code_version": code_version(),
        "engines": {name: version(name) for name in ENGINES},
        "policy": night.policy_dir.name,
        "policy_sha256": fingerprint.folder(night.policy_dir),
        "contracts_sha256": contracts_digest(night.settings.schemas),
        "settings": dict(sorted(night.settings.deciding.items())),
        "inputs": sorted(
            [r.key, str(r.extract_date), r.sha256, r.status, str(r.received_night)]
            for r in night.receipts
        ),
        "decisions": _decisions(night),
        "previous": before.isoformat() if before else None,
        "previous_sha256": _said_before(night),
    }
    if isinstance(night, PastNight):  # made then, written now
        then = night.manifest
        told |= {
            "code_version": then.code_version, "policy": then.policy,
            "policy_sha256": then.policy_sha256, "contracts_sha256": then.contracts_sha256,
            "settings": dict(sorted(then.settings.items())),
        }  # fmt: skip
    return told


def _decisions(night: Night) -> dict[str, list[str]]:
    """Ids of what people decided; what they said stays where it is."""
    if isinstance(night, PastNight):
        then = night.manifest
        acceptances, judgements = list(then.acceptances), list(then.judgements)
    else:
        acceptances = [one.acceptance_id for one in load_acceptances(night.home)]
        judgements = sorted(path.stem for path in night.home.judgements.glob("*.jsonl"))
    disputes = [one.dispute_id for one in night.disputes]
    return {
        "acceptances": acceptances, "judgements": judgements, "disputes": disputes,
        "corrections": sorted(one.correction_id for one in night.corrections),
    }  # fmt: skip


def _said_before(night: Night) -> str | None:
    if night.previous is None:
        return None
    path = night.home.nights / night.previous.isoformat() / FILE
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def digest(told: Mapping[str, Any]) -> str:
    """One hash of what was told."""
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def remember(night: Night, made: str) -> None:
    """Let the next night name what this one was made from."""
    (night.folder / FILE).write_text(f"{made}\n", encoding="ascii")
