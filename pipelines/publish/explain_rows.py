"""The extract rows behind a case's numbers: file, row, amount, and why one does not count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.lake.night import Night

SETTLEMENTS = """
WITH who AS (
    SELECT ref.person_ref, ref.person_id
    FROM linkage.person_ref AS ref
    WHERE list_contains($people, ref.person_id)
),

refunds AS (
    SELECT pair.negative_ref AS row_ref, pair.positive_ref IS NOT NULL AS paired, TRUE AS negative
    FROM hardship.refund_pair AS pair
    UNION ALL
    SELECT pair.positive_ref AS row_ref, TRUE AS paired, FALSE AS negative
    FROM hardship.refund_pair AS pair
    WHERE pair.positive_ref IS NOT NULL
)

SELECT
    coalesce(redirect.person_id, who.person_id) AS person_id, spending.settled_on AS on_day,
    spending.care_type, spending.total_cost, spending.personal_burden, spending.refunded,
    refunds.paired, refunds.negative, superseded.row_ref IS NOT NULL AS superseded,
    spending.source, spending.dataset, spending.delivery_id, spending.row_number,
    redirect.row_ref IS NOT NULL AS redirected
FROM standard.medical_spending AS spending
LEFT JOIN linkage.redirect AS redirect ON spending.row_ref = redirect.row_ref
LEFT JOIN who ON spending.register_ref = who.person_ref
LEFT JOIN refunds ON spending.row_ref = refunds.row_ref
LEFT JOIN hardship.superseded_settlement AS superseded
    ON spending.row_ref = superseded.row_ref
    AND spending.delivery_id = superseded.delivery_id
    AND spending.row_number = superseded.row_number
WHERE list_contains($people, coalesce(redirect.person_id, who.person_id))
    AND spending.settled_on > CAST($as_of AS DATE) - INTERVAL 12 MONTH
    AND spending.settled_on <= CAST($as_of AS DATE)
"""

AID = """
SELECT
    payment.person_id, payment.given_on AS on_day, payment.amount, payment.repeats_settlement,
    help.source, help.dataset, help.delivery_id, help.row_number
FROM hardship.medical_aid_payment AS payment
INNER JOIN standard.help AS help
    ON payment.row_ref = help.source || '/' || help.dataset || ':' || help.record_key
WHERE list_contains($people, payment.person_id)
    AND payment.given_on > CAST($as_of AS DATE) - INTERVAL 12 MONTH
    AND payment.given_on <= CAST($as_of AS DATE)
"""

INCOME = """
SELECT
    ref.person_id, income.checked_on AS on_day, income.income_type, income.annual_amount AS amount,
    income.source, income.dataset, income.delivery_id, income.row_number
FROM standard.income_check AS income
INNER JOIN linkage.person_ref AS ref ON income.person_ref = ref.person_ref
WHERE list_contains($people, ref.person_id) AND income.checked_on <= CAST($as_of AS DATE)
"""

REPORTS = """
SELECT
    ref.person_id, report.reported_on AS on_day, report.source, report.dataset,
    report.delivery_id, report.row_number
FROM standard.field_report AS report
INNER JOIN linkage.person_ref AS ref ON report.mention_key = ref.person_ref
WHERE list_contains($people, ref.person_id)
    AND report.reported_on > CAST($as_of AS DATE) - 90
    AND report.reported_on <= CAST($as_of AS DATE)
"""


@dataclass(frozen=True)
class EvidenceRow:
    """One row of a department's file. ``kind``: settlement, medical_aid, income, field_report."""

    kind: str
    person_id: str
    on: date
    what: str
    amount: Decimal | None
    counts: bool
    note: str
    file_name: str
    row_number: int


def evidence(night: Night, people: Sequence[str]) -> Iterator[EvidenceRow]:
    """Rows about ``people`` in the window, newest first within a kind; corrected ones left out."""
    files = {
        receipt.delivery_id: receipt.shown_path
        for receipt in night.receipts
        if receipt.status == "landed"
    }
    for kind, sql, needs in (
        ("settlement", SETTLEMENTS, "hardship.refund_pair"),
        ("medical_aid", AID, "hardship.medical_aid_payment"),
        ("income", INCOME, "standard.income_check"),
        ("field_report", REPORTS, "standard.field_report"),
    ):
        if not night.exists(needs):
            continue
        found = [
            _row(kind, row, files)
            for row in night.query(sql, {"people": list(people)}).to_dicts()
            if not row.get("superseded")
        ]
        yield from sorted(
            found, key=lambda row: (row.on, row.file_name, row.row_number), reverse=True
        )


def _row(kind: str, row: dict[str, Any], files: dict[str, str]) -> EvidenceRow:
    what, amount, counts, note = _said(kind, row)
    name = files.get(row["delivery_id"], f"{row['source']}/{row['dataset']}")
    return EvidenceRow(
        kind, row["person_id"], row["on_day"], what, amount, counts, note, name, row["row_number"]
    )


def _said(kind: str, row: dict[str, Any]) -> tuple[str, Decimal | None, bool, str]:
    """(what it is, amount, whether it counts, why not)."""
    match kind:
        case "settlement":
            what = f"{row['care_type'] or '—'} · 总费用 {_money(row['total_cost'])}"
            counts, note = _refund(row)
            if row["redirected"]:
                own = "自带证件号改归本人 / linked by its own number"
                note = "; ".join(filter(None, [note, own]))
            return what, row["personal_burden"], counts, note
        case "medical_aid":
            repeats = bool(row["repeats_settlement"])
            note = "结算内已计 / the same help as in a settlement" if repeats else ""
            return "医疗救助 / medical aid", row["amount"], not repeats, note
        case "income":
            return f"{row['income_type'] or '—'} / income", row["amount"], True, ""
        case _:
            return "基层线索 / field report", None, True, ""


def _refund(row: dict[str, Any]) -> tuple[bool, str]:
    if row["negative"] and row["paired"]:
        return False, "退费 / refund, cancels another row"
    if row["paired"]:
        return False, "已退费 / cancelled by a refund"
    if row["negative"]:
        return True, "退费未配对 / refund without a partner, counts"
    if row["refunded"] and (row["total_cost"] or 0) >= 0:
        return False, "退费标志 / marked as refunded, does not count"
    return True, ""


def _money(value: Decimal | None) -> str:
    return "未知" if value is None else f"{value:,.2f}"
