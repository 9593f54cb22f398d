"""An earlier night shown again: from the version that is kept, else made anew from the lake.

Only what people open changes: the published files, and identity.duckdb with them. The lake, the
cases and what was received stay as they are, so the next night stands on the newest committed night
before it, as if nothing had been restored, and replaces what was restored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.errors import DamagedState, NotFound
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.publish import versions
from pipelines.publish.files import identity_file, publish
from pipelines.publish.reading import past_night
from pipelines.settings import Settings


@dataclass(frozen=True)
class Restored:
    """What is shown now, what was before, and whether it was made anew from the lake."""

    version: versions.Version
    before: versions.Version | None
    made_anew: bool
    identity: bool


def restore(settings: Settings, which: str) -> Restored:
    """Show a version (``2026-11-19.1``) or the last one of a night (``2026-11-19``).

    Raises NotFound where neither a version nor a committed night is there, DamagedState where the
    version's files are not those that were published.
    """
    home = Home(settings.home)
    if not home.nights.is_dir():
        raise NotFound(f"{home.root} holds no night yet: run `jiuzhulian run` first")
    with home.locked():
        before = versions.shown(home)
        version = versions.find(home, which)
        made_anew = version is None
        as_of = version.as_of if version else _night(home, which)
        if version is not None:
            if wrong := versions.damaged(home, version):
                raise DamagedState(
                    f"version {version.name} is damaged ({len(wrong)} files, {wrong[0]} first): "
                    f"{versions.folder_of(home, version)} is no longer what was published; move "
                    f"it away, and {as_of} is made anew from the lake"
                )
            versions.show(home, version)
        committed = as_of in committed_nights(home)
        if committed:
            with past_night(home.root, as_of, settings) as night:
                if version is None:
                    version = versions.Version.named(publish(night, whatever_is_shown=True).version)
                identity_file(night)
        assert version is not None
        return Restored(version, before, made_anew, committed)


def _night(home: Home, which: str) -> date:
    """The committed night that is named, of which no version is kept."""
    try:
        as_of = date.fromisoformat(which)
    except ValueError:
        as_of = None
    if as_of is None or as_of not in committed_nights(home):
        there = [one.name for one in versions.versions(home)]
        nights = [str(one) for one in committed_nights(home)]
        raise NotFound(
            f"nothing to restore by the name {which}: kept are {', '.join(there) or 'none'}, and "
            f"from the lake can be made {', '.join(nights) or 'none'}"
        )
    return as_of


@dataclass(frozen=True)
class Kept:
    """A version as the command ``versions`` lists it; ``places`` have a file of their own in it,
    ``damaged`` only where that was asked."""

    version: str
    as_of: str
    published_at: str
    shown: bool
    policy: str
    code_version: str
    tables: int
    rows: int
    bytes: int
    made_from_sha256: str
    tables_sha256: str
    places: tuple[str, ...] = ()
    damaged: tuple[str, ...] | None = None


def kept(root: Path, *, verify: bool = False) -> list[Kept]:
    """Every version of a HOME, the oldest night first."""
    home = Home(root)
    seen = versions.shown(home)
    found = []
    for version in versions.versions(home):
        told = versions.manifest_of(home, version)
        found.append(Kept(
            version=version.name, as_of=told["as_of"], published_at=told["published_at"],
            shown=version == seen, policy=told["made_from"]["policy"],
            code_version=told["made_from"]["code_version"], tables=len(told["tables"]),
            rows=sum(rows for rows, _ in told["tables"].values()),
            bytes=sum(one["bytes"] for one in told["files"].values()),
            made_from_sha256=told["made_from_sha256"], tables_sha256=told["tables_sha256"],
            places=tuple(told.get(versions.PLACES, ())),
            damaged=tuple(versions.damaged(home, version)) if verify else None,
        ))  # fmt: skip
    return found
