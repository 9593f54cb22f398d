"""The steps that statements over landed rows begin with: deliveries, pieces, scopes of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from pipelines.contracts.model import Contract, Scope
from pipelines.standard import expressions as e
from pipelines.standard.deliveries import Delivery
from pipelines.standard.scopes import Piece

SCOPE_SEPARATOR = "|"


def delivery_step(deliveries: Sequence[Delivery], name: str = "delivery") -> exp.CTE:
    """The deliveries that stand for an extract date; the same bytes may stand for several."""
    return e.rows(
        name,
        [
            ("delivery_id", "VARCHAR"),
            ("extract_date", "DATE"),
            ("received_on", "DATE"),
            ("version", "BIGINT"),
        ],
        [(d.delivery_id, d.extract_date, d.received_on, d.version) for d in deliveries],
    )


def piece_step(pieces: Sequence[Piece]) -> exp.CTE:
    """The scopes that are believed, and until when."""
    return e.rows(
        "piece",
        [
            ("scope", "VARCHAR"),
            ("extract_date", "DATE"),
            ("received_on", "DATE"),
            ("left_on", "DATE"),
        ],
        pieces,
    )


def landed_steps(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
    where: exp.Expr | None = None,
) -> list[exp.CTE]:
    """``delivery`` and ``landed``: every landed row with its version and its scope.

    ``deliveries`` by contract name: the dataset's own and, where its scope goes through another
    dataset, that one's.
    """
    steps = [delivery_step(deliveries[contract.name])]
    landed = exp.select(
        e.column("record_key", "raw"),
        e.column("version", "delivery"),
        e.column("extract_date", "delivery"),
        e.column("received_on", "delivery"),
    ).from_(e.table(contract.raw_table, "raw"))
    landed = landed.join(e.table("delivery"), on=_same("delivery_id", "raw", "delivery"))
    through = contract.scope.through
    if through is None:
        landed = landed.select(_scope_of(contract, contract.scope).as_("scope"))
    else:
        holder = contracts[f"{contract.source}/{through.dataset}"]
        steps += _holder_steps(holder, through.key, deliveries[holder.name])
        day = e.column("extract_date", "delivery")
        landed = landed.join(
            e.table("holder"),
            on=exp.and_(
                _same(through.key, "raw", "holder"),
                exp.GTE(this=day, expression=e.column("held_from", "holder")),
                exp.LT(this=day.copy(), expression=e.column("held_to", "holder")),
            ),
            join_type="left",
        ).select(e.function("coalesce", e.column("scope", "holder"), e.text("")).as_("scope"))
    if where is not None:
        landed = landed.where(where)
    return [*steps, e.step("landed", landed)]


def _scope_of(contract: Contract, scope: Scope) -> exp.Expr:
    """Column values joined by ``|``; a region counts by its county, a missing part is empty."""
    parts: list[exp.Expr] = []
    for name in scope.columns:
        known = contract.column(name)
        of: exp.Expr = e.column(name, "raw")
        if known.kind == "region":
            of = e.county(of)
        elif known.type != "VARCHAR":
            of = e.typed(of, "VARCHAR")
        if parts:
            parts.append(e.text(SCOPE_SEPARATOR))
        parts.append(e.function("coalesce", of, e.text("")))
    return e.joined_text(*parts) if parts else e.text("")


def _holder_steps(holder: Contract, key: str, deliveries: Sequence[Delivery]) -> list[exp.CTE]:
    """``holder``: the scope of each key of another dataset, from one extract date to the next.

    Rows of a day before the key was first seen take its first scope.
    """
    seen = (
        exp.select(
            e.column(key, "raw"),
            e.column("extract_date", "holder_delivery"),
            e.function(
                "arg_max", _scope_of(holder, holder.scope), e.column("version", "holder_delivery")
            ).as_("scope"),
        )
        .from_(e.table(holder.raw_table, "raw"))
        .join(
            e.table("holder_delivery"),
            on=_same("delivery_id", "raw", "holder_delivery"),
        )
        .group_by(e.column(key, "raw"), e.column("extract_date", "holder_delivery"))
    )
    by_key = [e.column(key, "seen")]
    order = exp.Order(expressions=[exp.Ordered(this=e.column("extract_date", "seen"))])

    def over(call: exp.Expr) -> exp.Expr:
        return exp.Window(this=call, partition_by=[c.copy() for c in by_key], order=order.copy())

    day = e.column("extract_date", "seen")
    spell = exp.select(
        e.column(key, "seen"),
        e.column("scope", "seen"),
        exp.case()
        .when(
            exp.EQ(this=over(exp.RowNumber()), expression=exp.Literal.number(1)),
            e.typed(e.text("0001-01-01"), "DATE"),
        )
        .else_(day)
        .as_("held_from"),
        e.function("coalesce", over(exp.Lead(this=day.copy())), e.date(e.OPEN_END)).as_("held_to"),
    ).from_(e.table("seen"))
    return [
        delivery_step(deliveries, "holder_delivery"),
        e.step("seen", seen),
        e.step("holder", spell),
    ]


def _same(name: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(this=e.column(name, left), expression=e.column(name, right))
