"""What is read out of an identity number, and out of nothing else."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.linkage import numbers, parties

OWN = "110101198401012341"
#: as long with its mark as an identity number, and a date where that has one
OTHER = f"{numbers.OTHER_PAPER}198401012341"


def test_another_paper_as_long_as_an_identity_number_tells_no_birthday() -> None:
    assert len(OTHER) == len(OWN) == numbers.LENGTH
    number = pl.col("number")
    said = pl.DataFrame({"number": [OWN, OTHER, None, OWN[:15]]}).select(
        identity=numbers.identity(number),
        birth=numbers.embedded_birth(number),
        sex=numbers.embedded_sex(number),
        front=parties.front(),
    )
    assert said.rows() == [(OWN, date(1984, 1, 1), "2", OWN[:14]), *[(None,) * 4] * 3]
