"""What a name is compared by: one spelling, its sound, its shortened forms.

Everything is computed once per distinct name, by character (never by byte). How much each kind of
agreement weighs stands in the model file, not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
import yaml

from pipelines.settings import SCHEMAS

DOTS = "·•・.．‧∙⋅・●"
LONG_NAME = 5  # Han names have at most four characters
#: somebody's son or daughter (张三之子, 张三之长女): a name until there is a name
CHILD_OF = re.compile("..+之[长次大二三小双]?[子女儿婴].?$")
LOOKUPS = ("name_characters", "surname_readings", "similar_shapes")
SPELLING = {"name": pl.String, "name_folded": pl.String, "name_pinyin": pl.String,
            "surname_pinyin": pl.String, "name_short": pl.String}  # fmt: skip

EXACT, SOUND, SHORTENED, ONE_CHARACTER, DIFFERENT = "exact", "sound", "shortened", "one", "no"


@dataclass(frozen=True)
class Spelling:
    """One name, folded; `short` is the part before the first dot of a name with a dot."""

    folded: str
    pinyin: str
    surname: str
    short: str | None

    @property
    def reduced(self) -> list[str]:
        """The forms in which it may stand where it was not written out."""
        return [*shortened_forms(self.folded), *([self.short] if self.short else [])]


def lookups() -> str:
    """The lists that names are folded, read and compared by, as one text."""
    folder = SCHEMAS / "lookups"
    return "".join((folder / f"{name}.yaml").read_text(encoding="utf-8") for name in LOOKUPS)


def _lookup(name: str) -> dict[str, Any]:
    text = (SCHEMAS / "lookups" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _characters() -> dict[str, str]:
    lists = _lookup("name_characters")
    pairs = f"{lists['traditional']} {lists['variants']}".split()
    return {pair[0]: pair[1] for pair in pairs}


@cache
def _surnames() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    lists = _lookup("surname_readings")
    return lists["single"], {k: tuple(v.split()) for k, v in lists["compound"].items()}


@cache
def _shapes() -> dict[str, str]:
    groups = _lookup("similar_shapes")["groups"].split()
    return {character: group[0] for group in groups for character in group}


@cache
def _toned(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return str(lazy_pinyin(character, style=Style.TONE3, neutral_tone_with_five=True)[0])


@cache
def _reading(character: str) -> str:
    from pypinyin import lazy_pinyin  # seconds to import; only where names are compared

    return str(lazy_pinyin(character, v_to_u=False)[0])


def spelling(name: str) -> Spelling | None:
    """The folded forms of a name; None where nothing of it is left."""
    parts = [part for part in _split(name) if part]
    if not parts:
        return None
    folded = "".join(parts)
    short = parts[0] if len(parts) > 1 and len(parts[0]) > 1 else None
    surname, rest = _surname(folded, dotted=len(parts) > 1)
    readings = [*surname, *(_reading(character) for character in rest)]
    return Spelling(folded, " ".join(readings), " ".join(surname), short)


def _split(name: str) -> list[str]:
    table = _characters()
    kept = [table.get(c, c) for c in name.upper() if not c.isspace()]
    text = "".join("\n" if c in DOTS else c for c in kept)
    return text.split("\n")


def _surname(folded: str, *, dotted: bool) -> tuple[tuple[str, ...], str]:
    single, compound = _surnames()
    if dotted:
        return (_reading(folded[0]),), folded[1:]
    if len(folded) > 2 and folded[:2] in compound:
        return compound[folded[:2]], folded[2:]
    return (single.get(folded[0]) or _reading(folded[0]),), folded[1:]


def spellings(names: pl.Series) -> pl.DataFrame:
    """`SPELLING` columns for every distinct name that is not NULL."""
    rows = []
    for name in names.drop_nulls().unique().sort().to_list():
        made = spelling(name)
        if made is not None:
            rows.append((name, made.folded, made.pinyin, made.surname, made.short))
    return pl.DataFrame(rows, schema=SPELLING, orient="row")


def shortened_forms(folded: str) -> list[str]:
    """A name of three or more characters with one dropped (the first kept); of a long name, which
    is a minority or foreign one, also its beginnings: the given name alone. What a newborn is
    called after its mother is no short form of hers."""
    if len(folded) < 3:
        return []
    dropped = {folded[:i] + folded[i + 1 :] for i in range(1, len(folded))}
    if len(folded) >= LONG_NAME and not CHILD_OF.match(folded):
        dropped |= {folded[:i] for i in range(2, len(folded))}
    return sorted(dropped)


def masked_forms(folded: str) -> list[str]:
    """A name of three or more characters with one of them, never the first, left open."""
    if len(folded) < 3:
        return []
    return [folded[:i] + "_" + folded[i + 1 :] for i in range(1, len(folded))]


def toned(folded: str) -> str:
    """How a folded name sounds, tones included; of several readings the usual one."""
    return " ".join(_toned(character) for character in folded)


def shape(folded: str) -> str:
    """A folded name with look-alikes made one."""
    table = _shapes()
    return "".join(table.get(character, character) for character in folded)


def agreement(left: Spelling, right: Spelling) -> str:
    """The strongest way in which two names agree: EXACT, SOUND, SHORTENED, ONE_CHARACTER or no.

    SHORTENED: one character dropped, or a minority name given in its short form. ONE_CHARACTER is
    no agreement to join by: brothers and sisters often differ by one character.
    """
    if left.folded == right.folded:
        return EXACT
    if left.pinyin == right.pinyin:
        return SOUND
    if left.folded in right.reduced or right.folded in left.reduced:
        return SHORTENED
    if set(masked_forms(left.folded)) & set(masked_forms(right.folded)):
        return ONE_CHARACTER
    return DIFFERENT
