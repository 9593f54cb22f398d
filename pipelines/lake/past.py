"""A committed night as its manifest says it is, for reading: nothing can be made in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property

from pipelines.contracts.promises import Promise
from pipelines.errors import NotFound
from pipelines.lake.correction import Correction
from pipelines.lake.dispute import Dispute
from pipelines.lake.home import Home
from pipelines.lake.kept import kept_policy
from pipelines.lake.manifest import Manifest, committed_nights, load_manifest
from pipelines.lake.night import Night
from pipelines.lake.pointer import Pointer
from pipelines.lake.reading import PREVIOUS
from pipelines.lake.receipt import Receipt
from pipelines.settings import Settings


class PastNight(Night):
    """A night that was committed; a rerun that is under way beside it is not seen."""

    def __init__(
        self,
        home: Home,
        as_of: date,
        settings: Settings | None = None,
        contract_promises: Callable[[str], Promise | None] | None = None,
    ) -> None:
        self.manifest: Manifest = manifest_of(home, as_of)
        #: the policy that it was made with, where that was kept
        self.kept_policy = kept_policy(home, self.manifest.policy_sha256)
        super().__init__(
            home, as_of, settings or Settings(home=home.root),
            policy_dir=self.kept_policy,
            contract_promises=contract_promises,
        )  # fmt: skip

    @cached_property
    def previous(self) -> date | None:
        """The night that it stood on, if that one is still there."""
        before = self.manifest.previous
        return before if before in committed_nights(self.home) else None

    @cached_property
    def receipts(self) -> list[Receipt]:
        """What had been received by then."""
        known = set(self.manifest.receipts)
        return [one for one in super().receipts if one.receipt_id in known]

    @cached_property
    def disputes(self) -> list[Dispute]:
        known = set(self.manifest.disputes)
        return [one for one in super().disputes if one.dispute_id in known]

    @cached_property
    def corrections(self) -> list[Correction]:
        known = set(self.manifest.corrections)
        return [one for one in super().corrections if one.correction_id in known]

    def pointer(self, table: str) -> Pointer | None:
        if table.startswith(PREVIOUS):
            return super().pointer(table)
        return self.manifest.tables.get(table)


def manifest_of(home: Home, as_of: date | None = None) -> Manifest:
    """The manifest of a night, of the last one without a date; NotFound says which there are."""
    nights = committed_nights(home) if home.nights.is_dir() else []
    if not nights:
        raise NotFound(f"{home.root} holds no night yet: run `jiuzhulian run` first")
    if as_of is not None and as_of not in nights:
        raise NotFound(
            f"{home.root} holds no night of {as_of}: it has {len(nights)}, from {nights[0]} to "
            f"{nights[-1]} (`jiuzhulian nights` lists them)"
        )
    return load_manifest(home, as_of or nights[-1])
