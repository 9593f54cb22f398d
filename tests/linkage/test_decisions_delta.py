"""Decisions that follow a delta are those that deciding everything gives."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage import decide
from pipelines.linkage.delta_decisions import ENDS, decided_again
from pipelines.linkage.model import load_model

PEOPLE = 14
ENTITY = {
    "entity_no": pl.Int64, "number": pl.String, "numbers": pl.List(pl.String),
    "borrowed": pl.String, "register_refs": pl.List(pl.String), "birth_date": pl.Date,
    "shared_rows": pl.List(pl.String),
    "listed": pl.List(pl.String),
}  # fmt: skip
REPAIR = {"entity_no": pl.Int64, "owner_no": pl.Int64, "number": pl.String}
LEVELS = ("name", "birth", "phone", "group", "number")
SCORED = {
    "left_no": pl.Int64, "right_no": pl.Int64, "weight": pl.Float64, "probability": pl.Float64,
    **{f"{name}_level": pl.String for name in LEVELS},
}  # fmt: skip
MODEL = load_model()


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """Numbers and keys of few values, so that entities contradict each other."""
    number = draw(st.sampled_from([None, "n1", "n2", "n3"]))
    refs = draw(st.lists(st.sampled_from(["psn:1", "psn:2", "xj:1", "xj:2"]), max_size=1))
    return {
        "number": number, "numbers": [number] if number else [],
        "borrowed": draw(st.sampled_from([None, None, "n1", "n2"])), "register_refs": refs,
        "birth_date": date(2000, 1, 1) + timedelta(days=1000 * draw(st.integers(0, 2))),
        "shared_rows": draw(st.lists(st.sampled_from(["r1", "r2"]), max_size=1)),
        "listed": draw(st.lists(st.sampled_from(["l1|a", "l1|b", "l2|a"]), max_size=2)),
    }  # fmt: skip


@st.composite
def score(draw: st.DrawFn) -> dict[str, Any]:
    weight = float(draw(st.integers(0, 12)))
    return {
        "weight": weight, "probability": 1 - 2.0 ** -weight,
        "name_level": draw(st.sampled_from(["exact", "exact", "different"])),
        "birth_level": draw(st.sampled_from(["exact", "different"])),
        "phone_level": "unknown", "group_level": draw(st.sampled_from(["shared", "unknown"])),
        "number_level": "unknown",
    }  # fmt: skip


PAIR = st.tuples(st.integers(0, PEOPLE // 2 - 1), st.integers(0, PEOPLE - 1)).filter(
    lambda pair: pair[0] < pair[1]
)
NIGHT = st.fixed_dictionaries(
    {
        "entities": st.lists(facts(), min_size=PEOPLE, max_size=PEOPLE),
        "scored": st.dictionaries(PAIR, score(), max_size=16),
        "repairs": st.dictionaries(
            st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), max_size=2
        ),
        "judged": st.dictionaries(
            PAIR, st.sampled_from([decide.SAME, decide.DIFFERENT]), max_size=2
        ),
    }
)
Told = dict[str, Any]


def frames(told: Told) -> dict[str, pl.DataFrame]:
    entities = [{"entity_no": no} | one for no, one in enumerate(told["entities"])]
    scored = [dict(zip(ENDS, pair, strict=True)) | s for pair, s in told["scored"].items()]
    repairs = [(no, of, "n9") for no, of in told["repairs"].items() if no != of]
    judged = [(*pair, verdict) for pair, verdict in told["judged"].items()]
    return {
        "entities": pl.DataFrame(entities, ENTITY, orient="row"),
        "scored": pl.DataFrame(scored, SCORED, orient="row"),
        "repairs": pl.DataFrame(repairs, REPAIR, orient="row"),
        "judged": pl.DataFrame(judged, decide.JUDGED, orient="row"),
    }


def whole(night: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return decide.decisions(
        night["scored"], night["repairs"], night["entities"], MODEL, night["judged"]
    )


def changed(was: Told, now: Told) -> pl.DataFrame:
    """Whose facts differ, and the ends of pairs that do."""
    found = {no for no in range(PEOPLE) if was["entities"][no] != now["entities"][no]}
    for kind in ("scored", "judged"):
        for pair in was[kind].keys() | now[kind].keys():
            if was[kind].get(pair) != now[kind].get(pair):
                found |= set(pair)
    for no in was["repairs"].keys() | now["repairs"].keys():
        ends = {was["repairs"].get(no), now["repairs"].get(no)}
        if len(ends) > 1:
            found |= {no, *(end for end in ends if end is not None)}
    return pl.DataFrame({"entity_no": sorted(found)}, schema={"entity_no": pl.Int64})


@settings(max_examples=300)
@given(was=NIGHT, other=NIGHT, moved=st.sets(st.integers(0, PEOPLE - 1), max_size=2),
       dropped=st.integers(0, 3), added=st.integers(0, 3), judging=st.booleans())  # fmt: skip
def test_a_delta_decides_as_everything_does(
    was: Told, other: Told, moved: set[int], dropped: int, added: int, judging: bool
) -> None:
    scored = dict(list(was["scored"].items())[dropped:])
    now: Told = {
        "entities": [
            other["entities"][no] if no in moved else one for no, one in enumerate(was["entities"])
        ],
        "scored": scored | dict(list(other["scored"].items())[:added]),
        "repairs": other["repairs"] if judging else was["repairs"],
        "judged": other["judged"] if judging else was["judged"],
    }
    then, tonight = frames(was), frames(now)
    before = whole(then)
    found = decided_again(
        changed(was, now), tonight["scored"], tonight["repairs"],
        lambda ends: tonight["entities"].join(ends, on="entity_no", how="semi"),
        MODEL, tonight["judged"], before,
    )  # fmt: skip
    stays = before.join(found.touched, on=ENDS, how="anti")
    assert pl.concat([stays, found.rows]).sort(ENDS).equals(whole(tonight))


def test_a_small_change_decides_little_again() -> None:
    """Two pairs that nothing ties together: a change of the one leaves the other alone."""
    strong = {
        "weight": 10.0, "probability": 0.999, "name_level": "exact", "birth_level": "exact",
        "phone_level": "unknown", "group_level": "unknown", "number_level": "unknown",
    }  # fmt: skip
    empty = {"number": None, "numbers": [], "borrowed": None, "register_refs": [],
             "birth_date": None, "shared_rows": [], "listed": []}  # fmt: skip
    told = frames({"entities": [empty] * 4, "scored": {(0, 1): strong, (2, 3): strong},
                   "repairs": {}, "judged": {}})  # fmt: skip
    found = decided_again(
        pl.DataFrame({"entity_no": [1]}), told["scored"], told["repairs"],
        lambda ends: told["entities"].join(ends, on="entity_no", how="semi"),
        MODEL, told["judged"], whole(told),
    )  # fmt: skip
    assert found.touched.rows() == [(0, 1)]
    assert found.rows["decision"].to_list() == [decide.LINK]
