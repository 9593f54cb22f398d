"""A place of six people whose departments send files with real extract dates: those of today.

Everybody is invented; the ID numbers use an area code that no region has. One of them, in no tier,
falls ill: his settlement comes when a test sends it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REGION = "371121901201"
#: who falls ill, by his register key
ILL = "SV1"
PEOPLE = [
    (ILL, "19780411", 1, "王守义", "FS1"), ("SV2", "19800902", 2, "李秀英", "FS1"),
    ("SV3", "20100305", 1, "王小宝", "FS1"), ("SV4", "19650117", 1, "赵长河", "FS2"),
    ("SV5", "19670620", 2, "孙桂兰", "FS2"), ("SV6", "19490812", 2, "周淑珍", "FS3"),
]  # fmt: skip


def today() -> date:
    return datetime.now(SHANGHAI).date()


def number(born: str, order: int, sex: int) -> str:
    """A valid 18-digit number of the area 990102, which is nowhere."""
    digits = f"990102{born}{order:02d}{sex}"
    check = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[check]


def put(landing: Path, dataset: str, day: date, header: str, rows: list[str]) -> Path:
    """A file, then the mark that it is complete."""
    folder = landing / dataset
    folder.mkdir(parents=True, exist_ok=True)
    sent = len(list(folder.glob("*.csv"))) + 1
    path = folder / f"part{sent}_{day:%Y%m%d}.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    path.with_name(path.name + ".done").touch()
    return path


def settle_in(landing: Path, day: date) -> None:
    """What every place sends first: regions, who is insured, one small bill."""
    put(landing, "reference/region", day, "区划代码,名称,上级代码,城乡分类代码", [
        "371100000000,示例市,370000000000,", "371121000000,示例县,371100000000,",
        "371121901000,示例镇,371121000000,", f"{REGION},示例村,371121901000,220",
    ])  # fmt: skip
    put(
        landing, "medical_insurance/insured_person", day,
        "人员编号,证件类型,证件号码,姓名,性别,出生日期,险种类型,参保地,居住地区划,家庭编号,生存状态",
        [
            f"{key},01,{number(born, place, sex)},{name},{sex},{born},390,371121,{REGION},"
            f"{family},1"
            for place, (key, born, sex, name, family) in enumerate(PEOPLE)
        ],
    )  # fmt: skip
    settle(landing, day, "SV4", 900, "B1")


def settle(landing: Path, day: date, key: str, burden: int, bill: str) -> Path:
    """One stay in hospital that ended yesterday, of which ``burden`` yuan are left to pay."""
    place, (_, born, sex, name, _) = next(
        (at, one) for at, one in enumerate(PEOPLE) if one[0] == key
    )
    ended = day - timedelta(days=1)
    began = ended - timedelta(days=9)
    return put(
        landing, "medical_insurance/settlement", day,
        "结算ID,就诊ID,人员编号,证件号码,姓名,险种类型,医疗类别,开始日期,结束日期,结算日期,退费标志,"
        "医疗费总额,符合范围金额,统筹基金支出,医疗救助支出,基金支付总额,个人负担总金额,个人现金支付",
        [
            f"{bill},J{bill},{key},{number(born, place, sex)},{name},390,21,{began},{ended},"
            f"{ended} 10:00:00,0,{burden * 2}.00,{burden * 2}.00,{burden}.00,0.00,{burden}.00,"
            f"{burden}.00,{burden}.00"
        ],
    )  # fmt: skip
