"""The delta of linkage.pair_decision: pairs whose decision a change may reach.

What the model says of a pair hangs on all pairs of its two ends and on what their other ends hold;
whether a link is refused on the links it hangs together with. So a change reaches the pairs of its
neighbours, and all that strong pairs tie to one of these.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import decide
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.model import Model

ENTITY, PAIR = "linkage.entity", "linkage.pair_decision"
SCORED, REPAIR = "linkage.scored_pair", "linkage.number_repair"
ENDS, REPAIRED = ["left_no", "right_no"], ["entity_no", "owner_no"]


def pair_decisions(night: Night, model: Model, judged: pl.DataFrame) -> Delta | None:
    """Pairs that were judged, now or the night before, are decided again each night."""
    facts = few(night, ENTITY, ["entity_no"], decide.ENTITY_COLUMNS)
    compared = few(night, SCORED, ENDS)
    mended = few(night, REPAIR, REPAIRED, of=SCORED)
    if facts is None or compared is None or mended is None:
        return None
    before = night.frame(f"prev_{PAIR}", [*ENDS, "method"])
    clerical = before.filter(pl.col("method") == "clerical")
    pairs = (compared.keys, mended.keys.select(left_no="entity_no", right_no="owner_no"), clerical)
    return decided_again(
        together(facts.keys, *map(_ends, pairs)),
        night.frame(SCORED),
        night.frame(REPAIR),
        lambda ends: rows_of(night, ENTITY, ends, decide.ENTITY_COLUMNS),
        model,
        judged,
        before,
    )


def decided_again(
    changed: pl.DataFrame, scored: pl.DataFrame, repairs: pl.DataFrame,
    entities: Callable[[pl.DataFrame], pl.DataFrame], model: Model, judged: pl.DataFrame,
    before: pl.DataFrame,
) -> Delta:  # fmt: skip
    """All decisions that the `changed` (`entity_no`: whose facts are others, and the ends of pairs
    that came, went or weigh otherwise) may reach. `entities` gives the facts of those it is asked
    for; `before`: the pairs of the night before."""
    repaired = repairs.select(left_no="entity_no", right_no="owner_no")
    others = pl.concat([repaired, judged.select(ENDS)])
    pairs = pl.concat([scored.select(ENDS), others])
    strong = pl.concat([scored.filter(pl.col("probability") >= model.link).select(ENDS), others])
    seeds = together(changed, _ends(judged))
    reached = _tied(together(seeds, _ends(_of(pairs, seeds))), strong)
    decided = _of(pairs, reached)
    around = _ends(decided)
    made = decide.decisions(
        _of(scored, around),
        repairs.join(around, on="entity_no", how="semi"),
        entities(_ends(_of(pairs, around))),
        model,
        judged,
    )
    touched = together(decided, _of(before, reached).select(ENDS))
    return Delta(touched, made.join(touched, on=ENDS, how="semi"))


def _ends(pairs: pl.DataFrame) -> pl.DataFrame:
    """`entity_no` of both ends of the pairs."""
    return together(*(pairs.select(entity_no=end) for end in ENDS))


def _of(pairs: pl.DataFrame, entities: pl.DataFrame) -> pl.DataFrame:
    """The pairs that have one of these at an end."""
    held = [pl.col(end).is_in(entities["entity_no"].implode()) for end in ENDS]
    return pairs.filter(pl.any_horizontal(held))


def _tied(entities: pl.DataFrame, strong: pl.DataFrame) -> pl.DataFrame:
    """These and all that a way of strong pairs leads to."""
    while True:
        wider = together(entities, _ends(_of(strong, entities)))
        if wider.height == entities.height:
            return entities
        entities = wider
