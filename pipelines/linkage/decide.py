"""linkage.pair_decision: link, review or apart for every pair that was compared.

Repairs come before the model. A pair of the model is a link only if the names agree and something
besides the name does, if it is probable enough, and if it beats every candidate that contradicts
it by a margin. Then links are made from the strongest down; one that would put two own numbers, two
people of one row, two names of one household's list, two keys of one register or two birthdays of
different generations into one person is left for review, so that a group is cut where it is
weakest.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage.components import Forest
from pipelines.linkage.judgements import DIFFERENT, SAME
from pipelines.linkage.model import Model
from pipelines.linkage.numbers import OTHER_PAPER
from pipelines.linkage.reasons import in_chinese

LINK, REVIEW, APART = "link", "review", "apart"
DECISION_COLUMNS = ("left_no", "right_no", "weight", "probability", "method", "decision", "reason")
ENTITY_COLUMNS = (
    "entity_no", "number", "numbers", "borrowed", "register_refs", "birth_date",
    "shared_rows", "listed",
)  # fmt: skip
REPAIR_WEIGHT = 1000.0
CLERICAL_WEIGHT = 2000.0
JUDGED = {"left_no": pl.Int64, "right_no": pl.Int64, "verdict": pl.String}
GENERATION_YEARS = 2


def concerned(night: Night, judged: pl.DataFrame) -> pl.DataFrame:
    """`ENTITY_COLUMNS` of the entities that stand in a pair."""
    pair = ["left_no", "right_no"]
    repaired = night.frame("linkage.number_repair", ["entity_no", "owner_no"])
    pairs = pl.concat(
        [night.frame("linkage.scored_pair", pair), judged.select(pair),
         repaired.rename({"entity_no": "left_no", "owner_no": "right_no"})]
    )  # fmt: skip
    ends = pl.concat([pairs["left_no"], pairs["right_no"]]).to_frame("entity_no")
    return rows_of(night, "linkage.entity", ends, ENTITY_COLUMNS)


def decisions(
    scored: pl.DataFrame,
    repairs: pl.DataFrame,
    entities: pl.DataFrame,
    model: Model,
    judged: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`DECISION_COLUMNS` and `reason_zh`, one row per pair that is worth keeping.

    `judged`: left_no, right_no, verdict (`judgements.between_entities`); it wins over everything.
    """
    if judged is None:
        judged = pl.DataFrame(schema=JUDGED)
    pair = ["left_no", "right_no"]
    known = pl.concat([judged.select(pair), judged.select(left_no="right_no", right_no="left_no")])
    scored = scored.join(known, on=pair, how="anti")
    repaired = repairs.select(
        left_no="entity_no", right_no="owner_no", weight=pl.lit(REPAIR_WEIGHT),
        probability=pl.lit(model.repaired_probability), method=pl.lit("id_repaired"),
        reason=pl.lit("one error in the number, same name and birth date"),
    )  # fmt: skip
    compared = _judged(scored, entities, model).join(repaired.select(pair), on=pair, how="anti")
    clerical = _clerical(judged)
    repaired = repaired.join(known, on=pair, how="anti")
    ranked = pl.concat(
        [clerical, repaired.with_columns(decision=pl.lit(LINK)).select(DECISION_COLUMNS), compared]
    ).sort(["weight", "left_no", "right_no"], descending=[True, False, False])
    wanted = ranked.filter(pl.col("decision") == LINK)
    apart = judged.filter(pl.col("verdict") == DIFFERENT).select(pair)
    refused = _refused(wanted, entities, apart)
    decided = ranked.join(refused, on=pair, how="left").with_columns(
        decision=pl.when(pl.col("conflict").is_null()).then("decision").otherwise(pl.lit(REVIEW)),
        reason=pl.coalesce("conflict", "reason"),
    )
    return decided.select(*DECISION_COLUMNS, reason_zh=in_chinese(pl.col("reason"))).sort(pair)


def _clerical(judged: pl.DataFrame) -> pl.DataFrame:
    same = pl.col("verdict") == SAME
    return judged.select(
        "left_no", "right_no",
        weight=pl.when(same).then(CLERICAL_WEIGHT).otherwise(-CLERICAL_WEIGHT),
        probability=pl.when(same).then(1.0).otherwise(0.0),
        method=pl.lit("clerical"),
        decision=pl.when(same).then(pl.lit(LINK)).otherwise(pl.lit(APART)),
        reason=pl.when(same).then(pl.lit("judged to be one person"))
        .otherwise(pl.lit("judged to be two people")),
    ).select(DECISION_COLUMNS)  # fmt: skip


def _judged(scored: pl.DataFrame, entities: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Decision and reason of each pair of the model, still without regard to other links."""
    by_name = pl.col("name_level").is_in(model.linking_names)
    # relatives share nearly everything but the name and the birthday
    by_birth = pl.col("birth_level").is_in(model.renamed_births)
    companions = [
        pl.when(pl.col(column).is_in(labels)).then(
            pl.lit(column.removesuffix("_level") + " ") + pl.col(column)
        )
        for column, labels in model.companions.items()
    ]
    besides = pl.concat_str(companions, separator=", ", ignore_nulls=True)
    marked = _beaten(scored, entities, model).with_columns(besides=besides)
    lent = _lent(marked, entities)
    reason = (
        pl.when(lent).then(pl.lit("shows a number that is the other's own"))
        .when(~by_name).then(pl.lit("names differ: ") + pl.col("name_level"))
        .when(pl.col("besides") == "").then(pl.lit("nothing but the name agrees"))
        .when(pl.col("beaten")).then(pl.lit("several candidates"))
        .when(pl.col("two_keys")).then(pl.lit("two keys of one register"))
        .otherwise(pl.lit("name ") + pl.col("name_level") + ", " + pl.col("besides"))
    )  # fmt: skip
    fit = by_name & (pl.col("besides") != "") & ~pl.col("beaten") & ~pl.col("two_keys") & ~lent
    probable = pl.col("probability") >= model.link
    return marked.select(
        "left_no", "right_no", "weight", "probability", method=pl.lit("probable"),
        decision=pl.when(probable & fit).then(pl.lit(LINK))
        .when((pl.col("probability") >= model.review) & (by_name | by_birth)).then(pl.lit(REVIEW))
        .otherwise(pl.lit(APART)),
        reason=reason,
    ).select(DECISION_COLUMNS)  # fmt: skip


def _lent(pairs: pl.DataFrame, entities: pl.DataFrame) -> pl.Series:
    """Whether the one shows the number that is the other's own under another name."""
    borrowed = entities.filter(pl.col("borrowed").is_not_null()).select(
        left_no="entity_no", borrowed="borrowed"
    )
    owners = entities.select("entity_no", "numbers").explode(
        "numbers", empty_as_null=False, keep_nulls=False
    )
    lent = borrowed.join(owners, left_on="borrowed", right_on="numbers").select(
        "left_no", right_no="entity_no", lent=pl.lit(True)
    )
    joined = pairs.select("left_no", "right_no").join(
        lent.unique(), on=["left_no", "right_no"], how="left", maintain_order="left"
    )
    return joined["lent"].fill_null(False)


def _beaten(scored: pl.DataFrame, entities: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`beaten`: a candidate that contradicts this one is nearly as good or better, seen from
    either side. `two_keys`: the pair itself holds two keys of one register."""
    facts = _facts(entities)
    named = scored.filter(pl.col("name_level").is_in(model.linking_names))
    ways = pl.concat(
        [
            named.select(seen_from="left_no", candidate="right_no", weight="weight"),
            named.select(seen_from="right_no", candidate="left_no", weight="weight"),
        ]
    )
    claimed = ways.join(facts, left_on="candidate", right_on="entity_no")
    best = claimed.group_by("seen_from", "kind", "value").agg(pl.col("weight").max())
    ranked = best.sort(["weight", "value"], descending=[True, False]).group_by(
        "seen_from", "kind", maintain_order=True
    ).agg(
        first=pl.col("value").first(),
        first_weight=pl.col("weight").first(),
        second_weight=pl.col("weight").slice(1, 1).first(),
    )  # fmt: skip
    rival = (
        pl.when(pl.col("value") == pl.col("first")).then("second_weight").otherwise("first_weight")
    )
    losing = (
        claimed.join(ranked, on=["seen_from", "kind"])
        .filter(pl.col("weight") < rival + model.margin)
        .select("seen_from", "candidate")
        .unique()
    )
    beaten = pl.concat(
        [
            losing.select(left_no="seen_from", right_no="candidate"),
            losing.select(left_no="candidate", right_no="seen_from"),
        ]
    ).unique().with_columns(beaten=pl.lit(True))  # fmt: skip
    keys = facts.filter(~pl.col("kind").is_in(["number", "paper"]))
    two_keys = (
        scored.select("left_no", "right_no")
        .join(keys, left_on="left_no", right_on="entity_no")
        .join(keys, left_on=["right_no", "kind"], right_on=["entity_no", "kind"])
        .group_by("left_no", "right_no", "kind")
        .agg(same=(pl.col("value") == pl.col("value_right")).any())
        .filter(~pl.col("same"))
        .select("left_no", "right_no", two_keys=pl.lit(True))
        .unique()
    )
    pair = ["left_no", "right_no"]
    return (
        scored.join(beaten, on=pair, how="left")
        .join(two_keys, on=pair, how="left")
        .with_columns(pl.col("beaten", "two_keys").fill_null(False))
        .sort(pair)
    )


def _facts(entities: pl.DataFrame) -> pl.DataFrame:
    """What one person has only one of: `kind` (number, another paper, or a register), `value`."""
    own = entities.filter(pl.col("number").is_not_null()).select(
        "entity_no",
        kind=pl.when(pl.col("number").str.starts_with(OTHER_PAPER))
        .then(pl.lit("paper")).otherwise(pl.lit("number")),
        value="number",
    )  # fmt: skip
    refs = entities.select("entity_no", value="register_refs").explode(
        "value", empty_as_null=False, keep_nulls=False
    )
    return pl.concat(
        [own, refs.select("entity_no", kind=pl.col("value").str.split(":").list.first(),
                          value="value")]
    )  # fmt: skip


class _Person:
    """What is known so far of a person in the making."""

    def __init__(
        self,
        numbers: list[str] | None,
        refs: list[str] | None,
        birth: date | None,
        rows: list[str] | None,
        listed: list[str] | None,
    ) -> None:
        self.numbers = {n for n in numbers or () if not n.startswith(OTHER_PAPER)}
        self.papers = set(numbers or ()) - self.numbers
        self.rows = set(rows or ())
        self.keys: dict[str, set[str]] = {}
        for ref in refs or ():
            self.keys.setdefault(ref.split(":", 1)[0], set()).add(ref)
        self.births = {birth.year} if birth else set()
        self.sides: dict[int, set[str]] = {}
        #: under which names it stands in a household's list
        self.lists: dict[str, set[str]] = {}
        for entry in listed or ():
            list_, name = entry.rsplit("|", 1)
            self.lists.setdefault(list_, set()).add(name)

    def parted(self, other: _Person) -> bool:
        """Whether a person judged somebody of the one and somebody of the other to be two."""
        return any(
            theirs != ours
            for pair, sides in self.sides.items()
            for ours in sides
            for theirs in other.sides.get(pair, ())
        )

    def conflict(self, other: _Person) -> str | None:
        if self.numbers and other.numbers and not self.numbers & other.numbers:
            return "would join two own numbers"
        if self.papers and other.papers and not self.papers & other.papers:
            return "would join two other papers"
        if self.rows & other.rows:
            return "would join two people of one row"
        for list_, names in self.lists.items():
            if list_ in other.lists and not names & other.lists[list_]:
                return "would join two people of one list"
        for domain, keys in self.keys.items():
            if domain in other.keys and not keys & other.keys[domain]:
                return "would join two keys of one register"
        apart = [abs(a - b) for a in self.births for b in other.births]
        if apart and min(apart) > GENERATION_YEARS and not self.numbers & other.numbers:
            return "would join two birthdays years apart"
        return None

    def absorb(self, other: _Person) -> None:
        self.numbers |= other.numbers
        self.papers |= other.papers
        self.births |= other.births
        self.rows |= other.rows
        for pair, sides in other.sides.items():
            self.sides.setdefault(pair, set()).update(sides)
        for list_, names in other.lists.items():
            self.lists.setdefault(list_, set()).update(names)
        for domain, keys in other.keys.items():
            self.keys.setdefault(domain, set()).update(keys)


def _refused(wanted: pl.DataFrame, entities: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """Links that contradict stronger ones, with the reason; `wanted` comes strongest first.

    A link that a person judged gives way to another judgement alone, never to what registers say.
    """
    concerned = pl.concat([wanted["left_no"], wanted["right_no"]]).unique()
    people = {
        number: _Person(*known)
        for number, *known in entities.filter(pl.col("entity_no").is_in(concerned.implode()))
        .select("entity_no", "numbers", "register_refs", "birth_date", "shared_rows", "listed")
        .iter_rows()
    }
    for pair, ends in enumerate(apart.select("left_no", "right_no").iter_rows()):
        for side, number in zip(("left", "right"), ends, strict=True):
            if number in people:
                people[number].sides.setdefault(pair, set()).add(side)
    forest: Forest[int] = Forest(people)
    refused = []
    for left, right, method in wanted.select("left_no", "right_no", "method").iter_rows():
        a, b = forest.root(left), forest.root(right)
        if a == b:
            continue
        if people[a].parted(people[b]):
            refused.append((left, right, "would join two who were judged to be two people"))
            continue
        if method != "clerical" and (conflict := people[a].conflict(people[b])):
            refused.append((left, right, conflict))
            continue
        joined = forest.unite(a, b)
        people[joined].absorb(people[b if joined == a else a])
    return pl.DataFrame(
        refused,
        schema={"left_no": pl.Int64, "right_no": pl.Int64, "conflict": pl.String},
        orient="row",
    )
