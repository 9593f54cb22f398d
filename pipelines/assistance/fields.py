"""The fields that a spreadsheet of referrals can hold, with their headings and widths.

Which of them a department gets is data (``schemas/assistance/departments.yaml``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A column of a spreadsheet: headings in both languages, width in characters."""

    zh: str
    en: str
    width: int


FIELDS: dict[str, Field] = {
    "referral_id": Field("转介编号", "referral", 28),
    "kind": Field("救助种类", "kind of help", 18),
    "township_code": Field("乡镇区划", "township", 15),
    "region_code": Field("区划代码", "region", 15),
    "head_name": Field("户主姓名", "head of household", 12),
    "head_phone": Field("户主电话", "phone of the head", 15),
    "head_address": Field("住址", "address", 36),
    "person_name": Field("姓名", "name", 12),
    "person_id_number": Field("身份证号", "identity number", 21),
    "person_phone": Field("电话", "phone", 15),
    "household_size": Field("家庭人口", "size of household", 10),
    "tier": Field("保障类别", "tier", 14),
    "level": Field("等级", "level", 8),
    "since": Field("起始日", "since", 12),
    "basis": Field("依据", "basis", 22),
    "reasons": Field("理由", "reasons", 80),
    "given_12m": Field("近12个月已给（元）", "given in 12 months, CNY", 16),
    "last_given_on": Field("最近给付日", "last given on", 12),
}
BASIS = {
    "entitlement": "符合待遇条件",
    "case": "预警个案",
    "gap": "疑似漏助",
    "field_report": "基层上报",
}
LEVELS = {"red": "红", "orange": "橙", "yellow": "黄"}
NO_TIER = "不在册"
