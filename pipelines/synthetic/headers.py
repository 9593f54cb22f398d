"""Headers of a file: one of the contract's aliases per column, dressed as departments do."""

import numpy as np

from pipelines.contracts.headers import fold_header
from pipelines.contracts.model import Column, Contract

Index = dict[str, tuple[Column, int]]
STYLES = ("national", "chinese", "own", "mixed")
EXTRA = ("备注", "经办人", "序号", "录入时间", "clr_way", "psn_type")
_FULL_WIDTH = {33 + i: 0xFF01 + i for i in range(94)}


def _plain(rng: np.random.Generator, column: Column, style: str) -> str:
    national = [a for a in column.aliases if a.isascii()]
    chinese = [a for a in column.aliases if not a.isascii()]
    pools = {
        "national": national or chinese[:1],
        "chinese": chinese or national,
        "own": [],
        "mixed": [column.name, *column.aliases],
    }
    pool = pools[style] or [column.name]
    return str(pool[int(rng.integers(0, len(pool)))])


def _dressed(rng: np.random.Generator, header: str, column: Column) -> str:
    draw = rng.random()
    if column.kind == "money" and draw < 0.3:
        return header + ("（元）" if draw < 0.2 else "(元)")
    if column.required and draw < 0.25:
        return "*" + header
    if draw > 0.94:
        return header.translate(_FULL_WIDTH)
    if draw > 0.90:
        return f" {header} "
    return header.upper() if header.isascii() and draw > 0.85 else header


def headers(
    rng: np.random.Generator, contract: Contract, index: Index, columns: list[str], style: str,
    dirt: float,
) -> dict[str, str]:  # fmt: skip
    """Column → header, each read back by the contract (its header index) as that column."""
    chosen: dict[str, str] = {}
    for name in columns:
        column = contract.column(name)
        plain = _plain(rng, column, style)
        dressed = _dressed(rng, plain, column) if dirt > 0 else plain
        for header in (dressed, plain, name):
            if header not in chosen.values() and _reads_as(index, header, name):
                chosen[name] = header
                break
        else:
            chosen[name] = name
    return chosen


def _reads_as(index: Index, header: str, name: str) -> bool:
    found = index.get(fold_header(header))
    return found is not None and found[0].name == name
