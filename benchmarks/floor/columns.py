"""Which columns of which dataset the rules need, and how a cell is read.

Names are those of the contracts. The SQL is DuckDB's and is translated for Spark, so it keeps to
functions that both know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: fund parts that stand in for a missing total
FUNDS = (
    "basic_fund", "civil_servant_fund", "enterprise_fund", "major_illness_fund", "large_sum_fund",
    "disability_fund", "medical_aid", "other_fund",
)  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
WIDE, NARROW = "０１２３４５６７８９Ｘｘx", "0123456789XXX"


@dataclass(frozen=True)
class Dataset:
    """Columns by kind; `key` and, of a snapshot, `scope`; rows without `required` are no rows."""

    source: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    required: tuple[str, ...] = ()
    scope: tuple[str, ...] | None = None


DATASETS = {
    "region": Dataset(
        "reference",
        {"region_code": "region", "name": "text", "urban_rural_code": "text"},
        ("region_code",), ("region_code",), (),
    ),
    "insured_person": Dataset(
        "medical_insurance",
        {"psn_no": "text", "insurance_type": "text", "insured_region": "region",
         "id_number": "raw", "birth_date": "raw", "region_code": "region", "township": "text",
         "village": "text", "family_no": "text", "survival_status": "text"},
        ("psn_no", "insurance_type"), ("psn_no",), ("insurance_type", "insured_region"),
    ),
    "settlement": Dataset(
        "medical_insurance",
        {"settlement_id": "text", "visit_id": "text", "psn_no": "text", "id_number": "raw",
         "settled_at": "day", "begin_date": "day", "refunded": "flag",
         "original_settlement_id": "text", "total_cost": "money", "in_scope_cost": "money",
         **dict.fromkeys(FUNDS, "money"), "fund_total": "money", "personal_burden": "money"},
        ("settlement_id",),
        ("settlement_id", "psn_no", "settled_at", "total_cost", "personal_burden"),
    ),
    "chronic_registration": Dataset(
        "medical_insurance",
        {"psn_no": "text", "disease_code": "text", "begin_date": "day", "end_date": "day"},
        ("psn_no", "disease_code"), ("psn_no", "disease_code"), (),
    ),
    "student": Dataset(
        "education",
        {"student_no": "text", "id_number": "raw", "birth_date": "raw", "stage": "text",
         "region_code": "region", "is_orphan": "flag",
         "guardian1_relation": "text", "guardian1_id_number": "raw",
         "guardian2_relation": "text", "guardian2_id_number": "raw"},
        ("student_no",), ("student_no",), ("stage",),
    ),
    "student_aid": Dataset(
        "education",
        {"student_no": "text", "school_year": "text", "term": "text", "aid_item": "text",
         "amount": "money", "paid_on": "day"},
        ("student_no", "school_year", "term", "aid_item", "paid_on"),
        ("student_no", "amount", "paid_on"),
    ),
    "student_charge": Dataset(
        "education",
        {"student_no": "text", "school_year": "text", "term": "text", "charge_item": "text",
         "amount_paid": "money", "paid_on": "day"},
        ("student_no", "school_year", "term", "charge_item", "paid_on"),
        ("student_no", "amount_paid", "paid_on"),
    ),
    "assistance_household": Dataset(
        "civil_affairs",
        {"certificate_no": "text", "category": "text", "head_id_number": "raw",
         "head_name": "name", "annual_income": "money", "region_code": "region",
         "start_month": "day", "end_month": "day"},
        ("certificate_no",), ("certificate_no", "category"), ("category", "region_code"),
    ),
    "assistance_member": Dataset(
        "civil_affairs",
        {"certificate_no": "text", "name": "name", "id_number": "raw", "relation": "text",
         "birth_date": "raw", "disability_level": "text", "labour_ability": "text",
         "covered": "flag"},
        ("certificate_no", "id_number", "name"), ("certificate_no",), ("certificate_no",),
    ),
    "assistance_payment": Dataset(
        "civil_affairs",
        {"payment_id": "text", "certificate_no": "text", "name": "name", "id_number": "raw",
         "aid_type": "text", "amount": "money", "paid_on": "day"},
        ("payment_id",), ("payment_id", "aid_type", "amount", "paid_on"),
    ),
    "death_record": Dataset(
        "civil_affairs",
        {"record_id": "text", "id_number": "raw", "death_date": "day"},
        ("record_id",), ("record_id", "death_date"),
    ),
    "economic_check": Dataset(
        "civil_affairs",
        {"check_id": "text", "name": "name", "id_number": "raw", "checked_on": "day",
         "income_type": "text", "annual_amount": "money", "provider": "text"},
        ("check_id", "name", "id_number", "income_type", "provider"),
        ("check_id", "checked_on", "annual_amount"),
    ),
    "field_report": Dataset(
        "civil_affairs",
        {"report_id": "text", "reported_on": "day", "id_number": "raw"},
        ("report_id",), ("report_id", "reported_on"),
    ),
    "prevention_roster": Dataset(
        "rural_affairs",
        {"household_no": "text", "name": "name", "id_number": "raw", "relation": "text",
         "monitor_type": "text", "identified_on": "day", "risk_removed_on": "day",
         "region_code": "region"},
        ("household_no", "id_number", "name"), ("household_no",), ("monitor_type", "region_code"),
    ),
}  # fmt: skip


def text(cell: str, scale: int = 1) -> str:
    return f"nullif(trim({cell}), '')"


def name(cell: str, scale: int = 1) -> str:
    return f"nullif(regexp_replace({cell}, '[\\s\u3000\u00a0]', '', 'g'), '')"


def region(cell: str, scale: int = 1) -> str:
    return f"rpad(nullif(trim({cell}), ''), 12, '0')"


def flag(cell: str, scale: int = 1) -> str:
    said = f"lower(trim({cell}))"
    return (
        f"case when {said} in ('1', '是', 'true', 'y') then true "
        f"when {said} in ('0', '否', 'false', 'n') then false end"
    )


def day(cell: str, scale: int = 1) -> str:
    """ISO first; else eight digits, a month, three numbers with anything between, a serial."""
    parts = [f"regexp_extract({cell}, '([0-9]{{4}})[^0-9]+([0-9]{{1,2}})', {n})" for n in (1, 2)]
    third = f"regexp_extract({cell}, '[0-9]{{4}}[^0-9]+[0-9]{{1,2}}[^0-9]+([0-9]{{1,2}})', 1)"
    joined = (
        f"concat({parts[0]}, '-', lpad({parts[1]}, 2, '0'), '-', "
        f"lpad(coalesce(nullif({third}, ''), '1'), 2, '0'))"
    )
    digits = f"concat(substr({cell}, 1, 4), '-', substr({cell}, 5, 2), '-'"
    return (
        f"case when {cell} is null then null "
        f"when regexp_matches({cell}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
        f"then try_cast(substr({cell}, 1, 10) as date) "
        f"when regexp_matches({cell}, '^[0-9]{{8}}$') "
        f"then try_cast({digits}, substr({cell}, 7, 2)) as date) "
        f"when regexp_matches({cell}, '^[0-9]{{6}}$') then try_cast({digits}, '01') as date) "
        f"when regexp_matches({cell}, '^[0-9]{{5}}$') "
        f"then date '1899-12-30' + cast({cell} as integer) "
        f"else try_cast({joined} as date) end"
    )


def money(cell: str, scale: int = 1) -> str:
    """Yuan; 无 is 0, 万 is ten thousand, as is a header that says so."""
    plain = f"regexp_replace({cell}, '[￥¥,，元\\s]', '', 'g')"
    wan = f"cast(round(try_cast(replace({plain}, '万', '') as double) * 10000, 2) as decimal(12,2))"
    as_written = f"try_cast({cell} as decimal(12,2))"
    if scale != 1:
        as_written = f"cast(round(try_cast({cell} as double) * {scale}, 2) as decimal(12,2))"
    return (
        f"coalesce({as_written}, case when trim({cell}) = '无' then 0 "
        f"when {cell} like '%万%' then {wan} else try_cast({plain} as decimal(12,2)) end)"
    )


KINDS: dict[str, Callable[[str, int], str]] = {
    "text": text, "name": name, "raw": text, "region": region, "flag": flag, "day": day,
    "money": money,
}  # fmt: skip


def tidy(cell: str) -> str:
    """Digits and X of an identity number; nothing of one that a spreadsheet shortened."""
    kept = f"regexp_replace(translate(upper({cell}), '{WIDE}', '{NARROW}'), '[^0-9X]', '', 'g')"
    return f"case when not regexp_matches({cell}, '[.+]') then {kept} end"


def number(tidied: str, cell: str) -> str:
    """A valid identity number of 18 places (15 lengthened), else NULL."""
    long = f"concat(substr({tidied}, 1, 6), '19', substr({tidied}, 7, 9))"
    return (
        f"case when regexp_matches({tidied}, '^[1-9][0-9]{{16}}[0-9X]$') "
        f"and not {tidied} like '%000' and {_check(tidied)} = substr({tidied}, 18, 1) "
        f"and try_cast(concat(substr({tidied}, 7, 4), '-', substr({tidied}, 11, 2), '-', "
        f"substr({tidied}, 13, 2)) as date) is not null then {tidied} "
        f"when regexp_matches({tidied}, '^[1-9][0-9]{{14}}$') and regexp_matches(trim({cell}), "
        f"'^[0-9]{{15}}$') then concat({long}, {_check(long)}) end"
    )


def _check(digits: str) -> str:
    total = " + ".join(
        f"cast(substr({digits}, {place}, 1) as integer) * {weight}"
        for place, weight in enumerate(WEIGHTS, start=1)
    )
    return f"substr('10X98765432', ({total}) % 11 + 1, 1)"
