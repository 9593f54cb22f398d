"""Rows of a returned work order as the contract of dispositions wants them.

Rows that nobody filled in only count, like empty ones; rows with a mistake go to quarantine whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.intake.errors import Refusal, is_fault_of_reader
from pipelines.intake.limits import DEFAULT, Limits
from pipelines.intake.order_form import (
    Returned,
    answer_columns,
    header_of,
    read_returned,
    role_of,
)
from pipelines.intake.rows import Block, Malformed
from pipelines.intake.workbook import look


def returned_order(
    path: Path,
    contract: Contract,
    codes: Mapping[str, CodeList],
    as_of: date,
    limits: Limits = DEFAULT,
) -> Returned | None:
    """The workbook as a returned order, or None; one that cannot be opened is none either.

    Raises Refusal where it unpacks into more than ``limits`` allow.
    """
    if role_of(contract) is None:
        return None
    look(path, limits)
    try:
        return read_returned(path, contract, codes, as_of)
    except BaseException as error:
        if not is_fault_of_reader(error):
            raise
        return None  # the ordinary reader will say what is wrong with it


class OrderRows:
    """A returned order that is open for reading."""

    def __init__(self, returned: Returned, contract: Contract) -> None:
        role = role_of(contract)
        assert role is not None
        if returned.header_at is None:
            raise Refusal(
                "a work order whose header row is gone: fill in the marked copy in the outbox"
            )
        self.unit = Decimal(1)
        self.notes = ("a returned work order",)
        self._names = (str(role.case), *answer_columns(contract))
        self._case = str(role.case)
        self._returned = returned
        self.headers: tuple[str | None, ...] = tuple(
            header_of(contract, name) for name in self._names
        )

    def blocks(self) -> Iterator[Block]:
        """One block: an order has no more rows than a person can visit."""
        rows = [
            (
                answer,
                (answer.case_id or "", *(answer.texts[name] or "" for name in self._names[1:])),
            )
            for answer in self._returned.answers
        ]
        good = [(answer.row_number, cells) for answer, cells in rows if not answer.mistakes]
        frame = pl.DataFrame(
            [cells for _, cells in good],
            schema=[(str(at), pl.String) for at in range(len(self._names))],
            orient="row",
        ).with_columns(pl.all().replace("", None))
        numbers = pl.Series("row_number", [number for number, _ in good], pl.Int64)
        bad = tuple(
            Malformed(answer.row_number, answer.mistakes[0][1], cells)
            for answer, cells in rows
            if answer.mistakes
        )
        yield Block(frame, numbers, bad)
