"""How large a delivered file may be once it is unpacked: settings, checked while it is read.

A file of a few kilobytes can unpack into terabytes, by accident or not; such a file is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.intake.errors import Refusal


@dataclass(frozen=True)
class Limits:
    """Sizes in megabytes (2**20 bytes). ``ratio``: unpacked by packed, from ``small`` on."""

    unpacked: int = 100_000
    workbook: int = 2_000
    cells: int = 60_000_000
    ratio: int = 250
    small: int = 64

    def check_unpacked(self, packed: int, unpacked: int, *, workbook: bool = False) -> None:
        """Raises Refusal where a file of ``packed`` bytes unpacks into too much."""
        allowed = self.workbook if workbook else self.unpacked
        if unpacked > allowed << 20:
            name = "max_workbook_megabytes" if workbook else "max_unpacked_megabytes"
            raise Refusal(
                f"unpacks into more than {allowed:,} MB: have it sent in parts, or raise the "
                f"setting {name}"
            )
        if unpacked > self.small << 20 and unpacked > packed * self.ratio:
            raise Refusal(
                f"unpacks into more than {self.ratio} times its size, as no honest file does: ask "
                "the department what it is, or raise the setting max_unpacked_ratio"
            )


DEFAULT = Limits()
