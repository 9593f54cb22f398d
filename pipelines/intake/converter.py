"""Who converts a delivered file, seen from landing: this process, when the file's turn comes.

Files that were converted before their turn, on other machines, are in `ahead`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.intake.convert import Converted, convert
from pipelines.intake.discover import Found
from pipelines.intake.limits import Limits
from pipelines.intake.receipts import NO_BYTES, sha256_of


class Converter(Protocol):
    """Converts the files of one run, each at most once."""

    def sha256(self, found: Found) -> str:
        """The hash of a delivery. Raises OSError where it cannot be read."""

    def convert(self, found: Found, sha256: str) -> Converted:
        """Its rows. Raises Refusal, FileChanging, or what a library said of its bytes."""


@dataclass(frozen=True)
class Here:
    """This process converts each file when asked."""

    contracts: Mapping[str, Contract]
    codes: Mapping[str, CodeList]
    folder: Path
    limits: Limits
    #: the night that receives the files
    as_of: date

    def sha256(self, found: Found) -> str:
        if found.pulled is not None:
            return found.pulled.sha256
        return sha256_of(found.path) if found.regular else NO_BYTES

    def convert(self, found: Found, sha256: str) -> Converted:
        contract = self.contracts[found.key]
        return convert(found, sha256, contract, self.codes, self.folder, self.limits, self.as_of)
