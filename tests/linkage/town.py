"""An invented town as `standard.mention` would show it, with the truth of who each mention is."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建国文辉鹏飞玲浩宇欣怡梓涵"
    "子轩雨泽思远嘉怡晓东海燕春梅志强立新永福德胜淑珍美凤金宝成龙佳慧雪琴振兴云山雅婷诗"
)
MINORITY = (
    ("阿依古丽", "买买提"),
    ("古丽娜尔", "吐尔逊"),
    ("买买提江", "艾山"),
    ("热依汗", "玉素甫"),
)
HOMOPHONES = dict(zip("伟芳丽静明华英红建文欣宇晓海", "玮方莉婧铭桦瑛洪健雯新雨小孩", strict=True))
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
AREA = "990102"
AS_OF = date(2026, 11, 18)


def number(birth: date, sequence: int, sex: str) -> str:
    """A valid identity number of an area that no region has."""
    last = sequence * 2 + (1 if sex == "1" else 0)
    body = f"{AREA}{birth:%Y%m%d}{last % 1000:03d}"
    total = sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


@dataclass
class Resident:
    uid: int
    name: str
    birth: date
    sex: str
    id_number: str
    phone: str
    region: str
    family: str


@dataclass
class Town:
    residents: list[Resident] = field(default_factory=list)
    mentions: list[dict[str, object]] = field(default_factory=list)
    truth: dict[str, int] = field(default_factory=dict)


def row(dataset: str, record_key: str, **values: object) -> dict[str, object]:
    """A row of standard.mention."""
    source, name = dataset.split("/")
    suffix = (
        record_key.rsplit("|", 1)[1] if "|guardian" in record_key or "|head" in record_key else ""
    )
    made: dict[str, object] = {
        "mention_key": f"{dataset}:{record_key}", "source": source, "dataset": name,
        "record_key": record_key, "delivery_id": "d0", "row_number": 1,
        "extract_date": AS_OF, "suffix": suffix, "register_domain": None, "register_key": None,
        "name": None, "id_type": None, "id_number": None, "id_status": None,
        "roll_id_number": None, "birth_date": None, "sex": None, "ethnicity": None,
        "phone": None, "address": None, "organisation": None, "region_code": None,
        "township": None, "village": None, "region_rank": None, "group_keys": [],
        "relation": None, "is_current": True,
    }  # fmt: skip
    made.update(values)
    if made["id_number"] is not None and made["id_status"] is None:
        made["id_status"] = "valid"
    if made["id_number"] is None:
        made["id_status"] = "missing"
    return made


TYPES = {
    "row_number": pl.Int64(),
    "extract_date": pl.Date(),
    "birth_date": pl.Date(),
    "group_keys": pl.List(pl.String),
    "is_current": pl.Boolean(),
    "region_rank": pl.Int32(),
}
SCHEMA = {name: TYPES.get(name, pl.String()) for name in row("a/b", "c")}


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(SCHEMA)).select(list(row("a/b", "c")))


def build(people: int, seed: int = 7, dirt: float = 1.0) -> Town:
    """Families with insurance, school, certificates, payments, deaths and field reports."""
    rng, town = random.Random(seed), Town()
    used: set[str] = set()
    while len(town.residents) < people:
        _family(rng, town, used)
    for resident in town.residents:
        _mentions(rng, town, resident, dirt)
    return town


def _family(rng: random.Random, town: Town, used: set[str]) -> None:
    uid = len(town.residents)
    family, phone = f"F{uid}", f"139{rng.randrange(10**8):08d}"
    region = f"9901{rng.randrange(2):02d}{rng.randrange(20):03d}{rng.randrange(1, 30):03d}"
    surname = rng.choice(SURNAMES)
    ages = [(rng.randint(25, 50), "1"), (rng.randint(25, 50), "2")][: rng.randint(1, 2)]
    ages += [(rng.randint(0, 18), rng.choice("12")) for _ in range(rng.randint(0, 2))]
    ages += [(rng.randint(55, 90), rng.choice("12")) for _ in range(rng.randint(0, 1))]
    for age, sex in ages:
        birth = AS_OF - timedelta(days=age * 365 + rng.randrange(1, 365))
        sequence = rng.randrange(499)
        text = number(birth, sequence, sex)
        while text in used:
            sequence += 1
            text = number(birth, sequence, sex)
        used.add(text)
        own = surname if sex == "1" or age < 25 else rng.choice(SURNAMES)
        name = own + "".join(rng.choice(GIVEN) for _ in range(1 if rng.random() < 0.2 else 2))
        if rng.random() < 0.02:
            name = "·".join(rng.choice(MINORITY))
        own_phone = phone if rng.random() < 0.5 else f"138{rng.randrange(10**8):08d}"
        town.residents.append(
            Resident(len(town.residents), name, birth, sex, text, own_phone, region, family)
        )


def _say(
    rng: random.Random, town: Town, resident: Resident, dirt: float, dataset: str, key: str,
    *, birth: bool = True, phone: bool = False, region: bool = True, missing: float = 0.01,
    **values: object,
) -> None:  # fmt: skip
    fault = rng.random() / max(dirt, 1e-9)
    text: str | None = resident.id_number
    status = "valid"
    if fault < missing:
        text = None
    elif fault < missing + 0.004:
        place = rng.randrange(17)
        digit = str((int(resident.id_number[place]) + rng.randint(1, 9)) % 10)
        text, status = (
            resident.id_number[:place] + digit + resident.id_number[place + 1 :],
            "invalid",
        )
    elif fault < missing + 0.005:
        text, status = resident.id_number[:15] + "000", "rounded"
    elif fault < missing + 0.008 and (AS_OF - resident.birth).days < 18 * 365:
        parents = [
            r
            for r in town.residents[max(0, resident.uid - 4) : resident.uid]
            if r.family == resident.family and (resident.birth - r.birth).days > 6000
        ]
        text = parents[0].id_number if parents else text
    day: date | None = resident.birth if birth else None
    if day is not None and rng.random() < 0.01 * dirt:
        swapped = date(day.year, day.day, day.month) if day.day < 13 else day
        earlier = day.replace(year=day.year - 1, day=min(day.day, 28))
        day = rng.choice([swapped, day.replace(day=1), earlier])
    name = resident.name
    twist = rng.random() / max(dirt, 1e-9)
    if twist < 0.006:
        name = "".join(HOMOPHONES.get(c, c) for c in name)
    elif twist < 0.009 and len(name) == 3:
        name = name[0] + name[rng.choice([1, 2])]
    elif "·" in name and twist < 0.3:
        name = rng.choice([name.replace("·", "•"), name.replace("·", ""), name.split("·")[0]])
    made = row(
        dataset, key, name=name, id_number=text, id_status=status if text else "missing",
        birth_date=day, sex=resident.sex if birth else None,
        phone=resident.phone if phone else None,
        region_code=resident.region if region else None, **values,
    )  # fmt: skip
    town.mentions.append(made)
    town.truth[str(made["mention_key"])] = resident.uid


def _mentions(rng: random.Random, town: Town, who: Resident, dirt: float) -> None:
    age = (AS_OF - who.birth).days // 365
    family = [f"family:{who.family}"]
    if rng.random() < 0.95:
        key = f"P{who.uid}"
        _say(rng, town, who, dirt, "medical_insurance/insured_person", f"{key}|390", phone=True,
             missing=0.3 if age < 1 else 0.005, register_domain="psn_no", register_key=key,
             group_keys=family)  # fmt: skip
    if 6 <= age <= 18:
        roll = f"G{who.id_number}" if rng.random() < 0.95 else f"J{rng.randrange(10**18):018d}"
        student = [f"student:{roll}"]
        _say(rng, town, who, dirt, "education/student", roll, phone=True, missing=0.02,
             register_domain="student_no", register_key=roll,
             roll_id_number=roll[1:] if roll[0] == "G" else None, group_keys=student)  # fmt: skip
        adults = [r for r in town.residents[max(0, who.uid - 4) : who.uid + 4]
                  if r.family == who.family and (AS_OF - r.birth).days // 365 > 20]  # fmt: skip
        for place, adult in enumerate(adults[:2], start=1):
            _say(rng, town, adult, dirt, "education/student", f"{roll}|guardian{place}",
                 birth=False, phone=True, region=False, missing=0.2,
                 group_keys=student)  # fmt: skip
    if int(who.family[1:]) % 12 == 0:
        certificate = [f"certificate:C{who.family}"]
        _say(rng, town, who, dirt, "civil_affairs/assistance_member",
             f"C{who.family}|{who.uid}|{who.name}", missing=0.01, group_keys=certificate,
             region=False)  # fmt: skip
        if who.uid == int(who.family[1:]):
            _say(
                rng,
                town,
                who,
                dirt,
                "civil_affairs/assistance_household",
                f"C{who.family}|head",
                birth=False,
                phone=True,
                group_keys=certificate,
            )
            for month in range(3):
                _say(rng, town, who, dirt, "civil_affairs/assistance_payment",
                     f"Z{who.uid}-{month}", birth=False, missing=0.05,
                     group_keys=certificate)  # fmt: skip
    if age > 70 and rng.random() < 0.1:
        _say(rng, town, who, dirt, "civil_affairs/death_record", f"D{who.uid}", missing=0.05)
    if rng.random() < 0.01:
        _say(rng, town, who, dirt, "civil_affairs/field_report", f"R{who.uid}", birth=False,
             phone=True, missing=0.7)  # fmt: skip
