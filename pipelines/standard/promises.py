"""Promises of ``intake.raw_…`` and ``standard.std_…`` tables, derived from their contracts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Column, Contract
from pipelines.contracts.promises import Promise, PromisedColumn
from pipelines.contracts.roles import SpendingMedical
from pipelines.settings import SCHEMAS

LINEAGE = (
    PromisedColumn(
        "delivery_id", "VARCHAR", False, "public", "来源文件编号", "delivery it came in"
    ),
    PromisedColumn("row_number", "BIGINT", False, "public", "来源行号", "row in the delivery"),
    PromisedColumn("extract_date", "DATE", False, "public", "数据日期", "extract date"),
    PromisedColumn(
        "record_key", "VARCHAR", False, "identifying", "记录主键", "key of the row in its dataset"
    ),
)
FIRST_SEEN = PromisedColumn(
    "first_seen_on", "DATE", False, "public", "首次出现日期", "first extract date with this key"
)
LEFT = PromisedColumn(
    "left_on", "DATE", True, "public", "退出日期",
    "extract date from which its scope no longer has it; NULL: current",
)  # fmt: skip


@cache
def _contracts(schemas: Path) -> dict[str, Contract]:
    return {
        table: contract
        for contract in load_contracts(schemas).values()
        for table in (contract.raw_table, contract.std_table)
    }


def contract_promise(table: str, schemas: Path | None = None) -> Promise | None:
    """The promise of a raw or standard table; None where no contract stands behind the name."""
    contract = _contracts(schemas or SCHEMAS).get(table)
    if contract is None:
        return None
    if table == contract.raw_table:
        return _promise(contract, table, "intake", (), ())
    if contract.roles_of(SpendingMedical):
        return None
    after = (FIRST_SEEN, LEFT) if contract.mode == "snapshot" else (FIRST_SEEN,)
    return _promise(contract, table, "standard", ("record_key",), after)


def _promise(
    contract: Contract,
    table: str,
    room: str,
    key: tuple[str, ...],
    after: tuple[PromisedColumn, ...],
) -> Promise:
    what = ("全部到达行", "every landed row") if room == "intake" else ("有效行", "rows that count")
    return Promise(
        table=table,
        room=room,
        published=False,
        title_zh=f"{contract.title_zh}（{what[0]}）",
        title_en=f"{contract.title_en} ({what[1]})",
        zh=contract.zh,
        en=contract.en,
        grain=f"{what[1]} of {contract.name}",
        key=key,
        columns=(*LINEAGE, *(c for column in contract.columns for c in _columns(column)), *after),
    )


def _columns(column: Column) -> list[PromisedColumn]:
    promised = []
    for name, type_ in column.types().items():
        if name == column.name:
            class_, zh, en = column.classification, column.zh, column.en
        else:
            class_, zh, en = "public", f"{column.zh}的校验结果", f"what is known of {column.name}"
        promised.append(PromisedColumn(name, type_, True, class_, zh, en))
    return promised
