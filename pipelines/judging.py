"""The commands `review` and `judge`: pairs out to people, their judgements in."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from pipelines.linkage import explain, judgements, review_sheet, waterfall
from pipelines.linkage.judgements import Judgement
from pipelines.publish.reading import past_night

AUDIENCE = "match_review"
#: of pairs to be told about, so many by their number
SHOWN = 10
HELD = "select mention_key from linkage.mention_feature where list_contains($keys, mention_key)"


def write_sheet(home: Path, most: int) -> str:
    """Write the newest night's pairs to HOME/restricted/outbox/match_review; says where."""
    with past_night(home) as night:
        rows = review_sheet.pairs(night, most)
        waiting = int(night.query("select count(*) as pairs from linkage.match_review").item())
        path = night.home.outbox / AUDIENCE / f"match_review_{night.as_of:%Y%m%d}.xlsx"
        review_sheet.write(rows, path)
    return (
        f"{rows.height} of {waiting} pairs, the most urgent first: {path}\n"
        "Fill in the second column, then: jiuzhulian judge FILE --by NAME"
    )


def take_in(file: Path, by: str, home: Path) -> str:
    """Record the judgements of a filled sheet under the name of who decided."""
    by = by.strip()
    if not by:
        raise JiuzhulianError("--by is empty: name who decided")
    store = Home(home)
    if not store.nights.is_dir():
        raise JiuzhulianError(f"{home} holds no night yet: run `jiuzhulian run` first")
    store.create()
    with store.locked():
        found = review_sheet.read(file, by, datetime.now().astimezone())
        judgements.record(store, found)
        against = judgements.contradicted(judgements.stored(store))
    counts = ", ".join(
        f"{sum(j.verdict == verdict for j in found)} {word}"
        for word, verdict in review_sheet.CHOICES.items()
    )
    said = f"{len(found)} judgements taken in ({counts}); they hold from the next night on"
    if against:
        said += (
            f"\n{len(against)} pairs were judged to be two people, while other answers make them "
            f"one ({_first(against)}): nobody is joined against an answer, and what contradicts "
            "one stands in the next `jiuzhulian review`"
        )
    if gone := _gone(home, found):
        said += (
            f"\n{len(gone)} pairs have a record that the newest night does not hold "
            f"({_first(gone)}): withdrawn or corrected since the sheet was written. Their answers "
            "are kept and hold again where the record returns; if the pair still stands in the "
            "next `jiuzhulian review`, answer it there"
        )
    return said


def _first(pairs: list[str]) -> str:
    return ", ".join(pairs[:SHOWN]) + (", …" if len(pairs) > SHOWN else "")


def _gone(home: Path, judged: list[Judgement]) -> list[str]:
    """`pair_id` of those of which the newest night does not hold both records."""
    keys = sorted({key for one in judged for key in (one.left_key, one.right_key)})
    with past_night(home) as night:
        held = set(night.query(HELD, {"keys": keys})["mention_key"])
    return sorted(
        judgements.pair_id(one.left_key, one.right_key)
        for one in judged
        if not {one.left_key, one.right_key} <= held
    )


def explain_pair(home: Path, pair: str | None, records: tuple[str, str] | None) -> str:
    """Sentences for the terminal; the page with the chart goes to the outbox, mode 0600."""
    with past_night(home) as night:
        left, right = records or explain.pair_of_review(night, pair or "")
        found = explain.explained(night, left, right)
        name = judgements.pair_id(*sorted((left, right)))
        path = night.home.outbox / AUDIENCE / f"pair-{name}.html"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(waterfall.page(found), encoding="utf-8")
        os.chmod(path, 0o600)
    said = [f"{zh}\n  {en}" for zh, en in found.sentences]
    said += [f"  {part.bits:+6.1f}  {part.name}: {part.level}" for part in found.parts]
    return "\n".join([*said, f"{path}"])
