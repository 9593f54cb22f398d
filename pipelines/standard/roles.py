"""How a role's rows are read from a dataset's table: lineage, persons, words, validity.

One ``Reader`` per contract; the role tables (``role_*``) say which columns they fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Person, Value
from pipelines.standard import expressions as e

LINEAGE = ("record_key", "delivery_id", "row_number", "extract_date")
Values = dict[str, exp.Expr | None]
#: of a group's number that stands for none; 9 or 999 may be a number
FEWEST_NINES = 4


@dataclass(frozen=True)
class Reader:
    """Expressions over the rows of one dataset's standard table, as step or table ``record``."""

    contract: Contract
    codes: Mapping[str, CodeList]

    def column(self, name: str | None) -> exp.Expr | None:
        """A column of the row; None where the role does not name one."""
        return None if name is None else e.column(self.contract.column(name).name, "record")

    def required(self, name: str) -> exp.Expr:
        return e.column(self.contract.column(name).name, "record")

    def day(self, name: str | None) -> exp.Expr | None:
        """A date or the day of an instant."""
        if name is None:
            return None
        of = self.required(name)
        return of if self.contract.column(name).type == "DATE" else e.typed(of, "DATE")

    def region(self, name: str | None) -> exp.Expr | None:
        return None if name is None else e.region(self.required(name))

    def word(self, name: str | None) -> exp.Expr | None:
        """A coded value in words: a code that is no word itself gives way to its Chinese word.

        What the list does not know stays as it is.
        """
        if name is None:
            return None
        known = self.contract.column(name)
        of = self.required(name)
        words = self._words(known.codes)
        if not words:
            return of
        if known.kind == "codes":
            item = exp.column("item")
            return e.function("list_transform", of, exp.Lambda(
                this=_translated(item, words), expressions=[exp.to_identifier("item")]
            ))  # fmt: skip
        return _translated(of, words)

    def _words(self, name: str | None) -> dict[str, str]:
        listed = self.codes.get(name) if name else None
        values = listed.values if listed else ()
        return {v.code: v.zh for v in values if not v.is_pattern and v.code.isascii()}

    def value(self, value: Value | None, *, word: bool = True) -> exp.Expr | None:
        """A column (its word, or as it stands) or what is always the same."""
        if value is None:
            return None
        if value.column is None:
            return e.text(str(value.literal))
        return self.word(value.column) if word else self.required(value.column)

    def when(self, value: Value) -> exp.Expr | None:
        """The condition of a value, None where it has none."""
        return e.condition(self.contract, value.when, "record") if value.when else None

    def lineage(self) -> Values:
        known: Values = {
            "source": e.text(self.contract.source),
            "dataset": e.text(self.contract.dataset),
        }
        return known | {name: e.column(name, "record") for name in LINEAGE}

    def person(self, suffix: str) -> Person:
        return next(p for p in self.contract.roles_of(Person) if p.suffix == suffix)

    def mention_key(self, suffix: str) -> exp.Expr:
        """``<source>/<dataset>:<record_key>``, of a second person of the row with its suffix."""
        parts = [e.text(f"{self.contract.name}:"), e.column("record_key", "record")]
        if suffix:
            parts.append(e.text(f"|{suffix}"))
        return e.joined_text(*parts)

    def person_ref(self, suffix: str = "") -> exp.Expr | None:
        """How a claim names its person; NULL where the row names nobody, None without a person."""
        if not any(p.suffix == suffix for p in self.contract.roles_of(Person)):
            return None
        person = self.person(suffix)
        if person.refers is not None:
            key = self.required(person.key or person.refers)
            return e.joined_text(e.text(f"{person.refers}:"), key)
        named = self.named(person)
        key = self.mention_key(suffix)
        return key if named is None else exp.case().when(named, key)

    def named(self, person: Person) -> exp.Expr | None:
        """True where the row names the person at all; None where every row does."""
        if person.holds is not None or person.mention_always:
            return None
        names = [n for n in (person.name, person.id_number) if n is not None]
        return exp.or_(*(_there(self.required(name)) for name in names)) if names else None

    def left_on(self) -> exp.Expr | None:
        """The day the row left its register; rows of append datasets never do."""
        return e.column("left_on", "record") if self.contract.mode == "snapshot" else None

    def is_current(self) -> exp.Expr:
        left = self.left_on()
        return exp.true() if left is None else exp.Is(this=left, expression=exp.null())

    def first_seen_on(self) -> exp.Expr:
        return e.column("first_seen_on", "record")

    def rows(self, *where: exp.Expr | None) -> exp.Select:
        """``FROM`` the standard table as ``record``, with these conditions."""
        made = exp.Select().from_(e.table(self.contract.std_table, "record"))
        for condition in where:
            if condition is not None:
                made = made.where(condition)
        return made


Since = Callable[[Contract, exp.Expr], exp.Select]


@dataclass(frozen=True)
class Sources:
    """All contracts and code lists, from which a role table is generated.

    ``since`` gives, by key of a snapshot, the first believed extract that made a condition true.
    """

    contracts: Mapping[str, Contract]
    codes: Mapping[str, CodeList]
    since: Since

    def readers(self) -> Iterator[Reader]:
        for name in sorted(self.contracts):
            yield Reader(self.contracts[name], self.codes)


def project(columns: Sequence[PromisedColumn], values: Values, rows: exp.Select) -> exp.Select:
    """The promised columns in their order; what a role does not give is NULL."""
    unknown = set(values) - {column.name for column in columns}
    if unknown:
        raise ValueError(f"not promised: {sorted(unknown)}")
    listed = []
    for column in columns:
        value = values.get(column.name)
        made = e.null(column.type) if value is None else e.typed(value.copy(), column.type)
        listed.append(made.as_(column.name, quoted=True))
    return rows.select(*listed, copy=False)


def earliest(*days: exp.Expr | None) -> exp.Expr | None:
    """The first of the days that are known."""
    known = [d for d in days if d is not None]
    return known[0] if len(known) == 1 else e.function("least", *known) if known else None


def either(*values: exp.Expr | None) -> exp.Expr | None:
    """The first value that is there."""
    known = [v for v in values if v is not None]
    return known[0] if len(known) == 1 else e.function("coalesce", *known) if known else None


def present(of: exp.Expr) -> exp.Expr:
    """Whether a value is there."""
    return _there(of)


def group_number(of: exp.Expr) -> exp.Expr:
    """The number of a household or another group; NULL where a row of zeros, or of four nines and
    more, stands for none: all who have it would be one household."""
    text = e.typed(of, "VARCHAR")

    def nothing_but(digit: str) -> exp.Expr:
        rest = e.function("replace", text.copy(), e.text(digit), e.text(""))
        return exp.EQ(this=rest, expression=e.text(""))

    long = exp.GTE(
        this=e.function("length", text.copy()), expression=exp.Literal.number(FEWEST_NINES)
    )
    return (
        exp.case()
        .when(nothing_but("0"), e.null("VARCHAR"))
        .when(exp.and_(nothing_but("9"), long), e.null("VARCHAR"))
        .else_(text)
    )


def _there(of: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=of, expression=exp.null()))


def _translated(of: exp.Expr, words: Mapping[str, str]) -> exp.Expr:
    made = exp.case(of.copy())
    for code, word in words.items():
        made = made.when(e.text(code), e.text(word))
    return made.else_(of.copy())
