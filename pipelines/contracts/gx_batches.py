"""Contract → what is expected of the rows of one dataset that landed in a night.

Types are enforced at landing and unusable rows are in quarantine; here stands what may be odd
about the rest. Only what intake guarantees is blocking, and what a contract calls so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from pipelines.contracts.codes import CodeList
from pipelines.contracts.gx_before import Before, expected_like_before
from pipelines.contracts.gx_run import Expected, all_filled, literal, quoted
from pipelines.contracts.model import Believable, Check, Column, Contract
from pipelines.contracts.roles import Person

#: share of rows that must pass; a department's files are never perfect
FILLED, KNOWN_CODE, USABLE_NUMBER, PLAUSIBLE = 0.95, 0.99, 0.8, 0.999
NOT_ROUNDED = 0.98
NOTHING_BEFORE = Before()


def expected_of_batch(
    contract: Contract,
    codes: Mapping[str, CodeList],
    rows_landed: int,
    held: Before = NOTHING_BEFORE,
) -> tuple[Expected, ...]:
    """Everything expected of the landed rows of ``contract``; ``rows_landed`` as receipts say.

    A check of kind ``generated`` changes how strictly one of them is meant.
    """
    stated = {check.name: check for check in contract.checks if check.kind == "generated"}
    made = [*_expected(contract, codes, rows_landed)]
    made += expected_like_before(contract, held, rows_landed)
    return tuple(
        replace(e, mostly=stated[e.name].mostly, blocking=stated[e.name].blocking)
        if e.name in stated else e
        for e in made
    )  # fmt: skip


def _expected(
    contract: Contract, codes: Mapping[str, CodeList], rows_landed: int
) -> Iterator[Expected]:
    yield Expected(
        "rows_as_received", "row_count", values=(rows_landed, rows_landed), blocking=True,
        zh="落地行数与收据相符", en="as many rows as the receipts say",
    )  # fmt: skip
    yield Expected(
        "key_once_per_delivery", "unique_together", ("delivery_id", "record_key"), blocking=True,
        zh="同一批交付中主键不重复", en="a key stands once in a delivery",
    )  # fmt: skip
    if needed := tuple(column.name for column in contract.columns if column.stops_row):
        yield Expected(
            "usable_rows", "condition", needed, blocking=True, sql=all_filled(needed),
            zh="无法使用的行都已隔离", en="rows that cannot be used are in quarantine, not here",
        )  # fmt: skip
    types = " AND ".join(
        f"typeof({quoted(name)}) = {literal(type_)}" for name, type_ in contract.types().items()
    )
    yield Expected(
        "types_as_promised", "condition", blocking=True, sql=types,
        zh="各列类型与契约一致", en="every column has the type that the contract promises",
    )  # fmt: skip
    told = {check.column for check in contract.checks if check.kind == "filled"}
    births = {role.birth_date for role in contract.roles_of(Person)}
    for column in contract.columns:
        yield from _of_column(column, codes, is_birth=column.name in births,
                              told=column.name in told)  # fmt: skip
    for check in contract.checks:
        if check.kind != "generated":
            yield _of_check(check)


def _of_column(
    column: Column, codes: Mapping[str, CodeList], *, is_birth: bool, told: bool
) -> Iterator[Expected]:
    name, label = quoted(column.name), (column.zh or column.name)
    if column.required and not column.stops_row and not told:
        yield Expected(
            f"filled_{column.name}", "filled", (column.name,), mostly=FILLED,
            zh=f"{label}不为空", en=f"{column.name} is there",
        )  # fmt: skip
    if column.kind == "sex" and column.codes is None:
        yield Expected(
            f"known_{column.name}", "in_set", (column.name,), ("1", "2"), mostly=KNOWN_CODE,
            zh=f"{label}为 1 或 2", en=f"{column.name} is 1 or 2",
        )  # fmt: skip
    if column.codes is not None and column.codes in codes:
        yield Expected(
            f"known_{column.name}", "condition", (column.name,), mostly=KNOWN_CODE,
            sql=_known(column, codes[column.codes]),
            zh=f"{label}在代码表内", en=f"{column.name} is on its code list",
        )  # fmt: skip
    if column.kind == "identity_number":
        status = f"{column.name}_status"
        yield Expected(
            f"usable_{column.name}", "condition", (column.name,), mostly=USABLE_NUMBER,
            sql=f"CASE WHEN {quoted(status)} NOT IN ('missing', 'other') "
            f"THEN {quoted(status)} IN ('valid', 'converted_15') END",
            zh=f"{label}校验通过", en=f"{column.name} passes its check digit",
        )  # fmt: skip
        yield Expected(
            f"not_rounded_{column.name}", "condition", (column.name,), mostly=NOT_ROUNDED,
            sql=f"CASE WHEN {quoted(status)} <> 'missing' THEN {quoted(status)} <> 'rounded' END",
            zh=f"{label}没有被电子表格四舍五入", en=f"no spreadsheet rounded {column.name}",
        )  # fmt: skip
    if column.kind in ("date", "month", "timestamp"):
        latest = "extract_date + 1" if is_birth or column.required else "DATE '2099-12-31'"
        yield Expected(
            f"plausible_{column.name}", "condition", (column.name,), mostly=PLAUSIBLE,
            sql=f"CAST({name} AS DATE) BETWEEN DATE '1900-01-01' AND {latest}",
            zh=f"{label}在合理范围内", en=f"{column.name} is a plausible day",
        )  # fmt: skip
    if column.kind == "count":
        yield Expected(
            f"plausible_{column.name}", "between", (column.name,), (0, None), mostly=PLAUSIBLE,
            zh=f"{label}不为负", en=f"{column.name} is not negative",
        )  # fmt: skip


def _known(column: Column, codes: CodeList) -> str:
    """True where every code of the column is on the list, patterns included."""
    plain = ", ".join(literal(code) for code in codes.codes)
    prefixes = [value.code[:-1] for value in codes.values if value.is_pattern]

    def one(name: str) -> str:
        begins = [f"starts_with({name}, {literal(prefix)})" for prefix in prefixes]
        listed = [f"{name} IN ({plain})"] if plain else []
        return " OR ".join([*listed, *begins]) or "FALSE"

    if column.kind != "codes":
        return one(quoted(column.name))
    return f"len(list_filter({quoted(column.name)}, lambda code: NOT ({one('code')}))) = 0"


def _of_check(check: Check) -> Expected:
    column = quoted(check.column)
    columns: tuple[str, ...] = (check.column,)
    match check.kind:
        case "sum":
            columns = (check.column, *check.parts)
            there = " OR ".join(f"{quoted(part)} IS NOT NULL" for part in check.parts)
            total = " + ".join(f"coalesce({quoted(part)}, 0)" for part in check.parts)
            sql = f"CASE WHEN {there} THEN abs({column} - ({total})) <= {check.tolerance} END"
        case "range":
            bounds = [f"{column} >= {_bound(check.low)}"] if check.low is not None else []
            bounds += [f"{column} <= {_bound(check.high)}"] if check.high is not None else []
            sql = " AND ".join(bounds) or "TRUE"
        case "order":
            columns = (check.column, check.other or "")
            sql = f"{column} <= {quoted(check.other or '')}"
        case "format":
            sql = f"regexp_full_match({column}, {literal(check.pattern or '')})"
        case "filled":
            sql = f"{column} IS NOT NULL"
        case _:
            raise ValueError(f"no kind of check is called {check.kind}")
    return Expected(
        check.name, "condition", columns, sql=sql, mostly=check.mostly,
        blocking=check.blocking, zh=check.zh, en=check.en,
    )  # fmt: skip


def _bound(value: object) -> str:
    return f"DATE '{value}'" if isinstance(value, date) else str(value)


def expected_volume(believable: Believable, rows_before: int) -> Expected:
    """The rows of an extract against those of the one before (a warning: standard judges)."""
    allowed = max(int(rows_before * believable.lost_share), believable.lost_rows - 1)
    return Expected(
        "rows_against_extract_before", "row_count", values=(max(rows_before - allowed, 0), None),
        zh="快照行数与上一期相比没有异常减少",
        en="not suspiciously fewer rows than the extract before",
    )  # fmt: skip
