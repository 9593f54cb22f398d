"""Which row of an appended key counts: the later extract date, then the later received."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

PAYMENT = "civil_affairs/assistance_payment"
STD = "standard.std_civil_affairs__assistance_payment"
NOV1, NOV5, NOV10, NOV15 = "2026-11-01", "2026-11-05", "2026-11-10", "2026-11-15"


def payment(payment_id: str, amount: str) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "name": "甲",
        "aid_type": "低保金",
        "amount": Decimal(amount),
        "paid_on": date(2026, 10, 20),
    }


def amounts(lake: Any, as_of: str = NOV15) -> dict[str, Decimal]:
    frame = lake.night(as_of, STD).frame(STD, columns=["record_key", "amount"])
    return dict(frame.rows())


def test_a_later_extract_corrects_an_earlier_one(lake: Any) -> None:
    lake.land(PAYMENT, NOV1, [payment("p1", "100"), payment("p2", "200")])
    lake.land(PAYMENT, NOV10, [payment("p1", "150")])
    assert amounts(lake) == {"p1": Decimal("150.00"), "p2": Decimal("200.00")}
    assert amounts(lake, NOV5) == {"p1": Decimal("100.00"), "p2": Decimal("200.00")}


def test_an_older_extract_that_comes_late_corrects_nothing(lake: Any) -> None:
    lake.land(PAYMENT, NOV10, [payment("p1", "150")])
    lake.land(PAYMENT, NOV1, [payment("p1", "100"), payment("p2", "200")], night=NOV15)
    night = lake.night(NOV15, STD)
    frame = night.frame(STD)
    assert dict(frame.select("record_key", "amount").rows()) == {
        "p1": Decimal("150.00"),
        "p2": Decimal("200.00"),
    }
    assert set(frame["first_seen_on"]) == {date(2026, 11, 1)}


def test_within_an_extract_date_the_later_received_counts(lake: Any) -> None:
    lake.land(PAYMENT, NOV10, [payment("p1", "100")], night=NOV10)
    lake.land(PAYMENT, NOV10, [payment("p1", "120")], night=NOV15)
    assert amounts(lake) == {"p1": Decimal("120.00")}


def test_repeated_bytes_add_and_change_nothing(lake: Any) -> None:
    first = lake.land(PAYMENT, NOV1, [payment("p1", "100")])
    lake.land(PAYMENT, NOV5, [payment("p1", "150")])
    lake.repeat(first, NOV10)
    assert amounts(lake) == {"p1": Decimal("150.00")}
