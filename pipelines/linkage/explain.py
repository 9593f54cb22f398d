"""Why two records are one person, or are not: in sentences, and part by part as the model weighs.

Reads a finished night and changes nothing. How it looks stands in `waterfall`. The result
identifies people: it belongs into HOME/restricted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.errors import NotFound
from pipelines.lake.night import Night
from pipelines.linkage import incremental, probabilistic, profiles
from pipelines.linkage.model import Model, load_model

METHODS = {
    "register_key": (
        "同一登记系统的同一编号，或家庭名单中更正过号码的同一行",
        "the same key of one register, or one row of a household's list under a corrected number",
    ),
    "id_exact": ("同一身份证号且姓名相符", "the same number under agreeing names"),
    "id_repaired": ("号码一处笔误，姓名和生日一致", "one error in a number, the rest agrees"),
    "probable": ("模型判断为同一人", "the model found them to be one"),
    "clerical": ("工作人员判断", "a person judged it"),
    "single": ("没有找到其他记录", "nobody else was found"),
}  # fmt: skip
#: methods that say what made an entity, not what joined it with others
OF_AN_ENTITY = ("register_key", "id_exact", "single")


@dataclass(frozen=True)
class Part:
    """One comparison: how it turned out, and the bits it adds (or takes)."""

    name: str
    level: str
    bits: float


@dataclass(frozen=True)
class Explained:
    """Two records and everything that was said about them."""

    left: dict[str, Any]
    right: dict[str, Any]
    sentences: tuple[tuple[str, str], ...]
    prior_bits: float
    parts: tuple[Part, ...]
    probability: float | None


def pair_of_review(night: Night, pair_id: str) -> tuple[str, str]:
    """The two mention keys of a pair that waits for judgement."""
    found = night.query(
        "select left_key, right_key from linkage.match_review where pair_id = $pair_id",
        {"pair_id": pair_id},
    )
    if found.is_empty():
        raise NotFound(f"no pair {pair_id} waits on {night.as_of}: see linkage.match_review")
    left, right = found.row(0)
    return str(left), str(right)


def explained(night: Night, left_key: str, right_key: str) -> Explained:
    """What the night says about two records, by their mention keys."""
    left, right = (_mention(night, key) for key in (left_key, right_key))
    model = load_model(schemas=night.settings.schemas)
    sentences = [_outcome(left, right)]
    if left["entity_no"] == right["entity_no"]:
        zh, en = METHODS[left["tied_by"] or "register_key"]
        sentences.append((f"未用模型：{zh}。", f"No model was needed: {en}."))
        return Explained(left, right, tuple(sentences), 0.0, (), None)
    decision = _decision(night, left["entity_no"], right["entity_no"])
    if decision:
        words = {"link": ("关联", "linked"), "review": ("待复核", "left for review"),
                 "apart": ("分开", "kept apart")}[decision["decision"]]  # fmt: skip
        sentences.append((
            f"直接比较的结果：{words[0]}（{decision['reason_zh']}）。",
            f"Compared with each other they were {words[1]}: {decision['reason']}.",
        ))  # fmt: skip
    else:
        sentences.append((
            "没有直接比较：没有共同的分块值，或双方各有自己的身份证号。",
            "They were not compared with each other: they share no blocking value, "
            "or each has an identity number of its own.",
        ))  # fmt: skip
    entities = incremental.entities(night)
    sides = _profiles(night, model, (left["entity_no"], right["entity_no"]))
    found = probabilistic.weighed(sides[0], sides[1], entities, model)
    parts = tuple(_part(c.name, found, model) for c in model.comparisons)
    bits = float(found.get("mw_tf_adj_name") or 0.0)
    parts = (*parts, Part("name frequency", "rare" if bits > 0 else "common", bits))
    share = model.settings(entities)["probability_two_random_records_match"]
    return Explained(
        left, right, tuple(sentences), math.log2(share / (1 - share)),
        tuple(part for part in parts if abs(part.bits) > 1e-9),
        float(found["match_probability"]),
    )  # fmt: skip


def _part(name: str, found: dict[str, Any], model: Model) -> Part:
    level = model.comparison(name).label(int(found[f"gamma_{name}"]))
    return Part(name, level, float(found[f"mw_{name}"]))


def _outcome(left: dict[str, Any], right: dict[str, Any]) -> tuple[str, str]:
    if left["person_id"] != right["person_id"]:
        return ("这两条记录现在是两个人。", "The two records are two people now.")
    # of two entities that are one person, one was joined by more than its own number or key
    joined = min(
        (left, right), key=lambda side: (side["method"] in OF_AN_ENTITY, side["probability"])
    )
    zh, en = METHODS[joined["method"]]
    lowest = min(left["probability"], right["probability"])
    return (
        f"这两条记录现在是同一个人：{zh}，可信度 {lowest:.4f}。",
        f"The two records are one person now: {en}, confidence {lowest:.4f}.",
    )


def _mention(night: Night, key: str) -> dict[str, Any]:
    found = night.query(
        """
        select mention_feature.mention_key, mention_feature.name,
            coalesce(mention_feature.number, mention_feature.number_text) as number,
            mention_feature.birth_date, mention_feature.sex, mention_feature.phone,
            mention_feature.address, mention_feature.region_code, mention_link.person_id,
            mention_link.method, mention_link.probability, mention_entity.entity_no,
            mention_entity.tied_by
        from linkage.mention_feature
        inner join linkage.mention_link
            on mention_link.mention_key = mention_feature.mention_key
        inner join linkage.mention_entity
            on mention_entity.mention_key = mention_feature.mention_key
        where mention_feature.mention_key = $key
        """,
        {"key": key},
    )
    if found.is_empty():
        raise NotFound(
            "no such record on this night: a record is named <source>/<dataset>:<record_key>, "
            "as in restricted.identity's person_link"
        )
    return found.row(0, named=True)


def _decision(night: Night, one: int, other: int) -> dict[str, Any] | None:
    found = night.query(
        "select decision, reason, reason_zh from linkage.pair_decision "
        "where left_no in ($one, $other) and right_no in ($one, $other)",
        {"one": one, "other": other},
    )
    return None if found.is_empty() else found.row(0, named=True)


def _profiles(night: Night, model: Model, numbers: tuple[int, int]) -> list[pl.DataFrame]:
    """The two rows as the model sees them; made where the night did not need them."""
    every = night.frame("linkage.profile")
    missing = [number for number in numbers if number not in every["entity_no"]]
    if missing:
        entities = night.frame("linkage.entity", profiles.READ_COLUMNS)
        shown = pl.col("entity_no").is_in(missing)
        every = profiles.profiles(entities.with_columns(is_open=pl.col("is_open") | shown), model)
    return [every.filter(pl.col("entity_no") == number) for number in numbers]
