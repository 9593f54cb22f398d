"""Regions of an invented city in the shape of the statistical codes: county, township, village.

County codes are real, townships and villages are invented; who lives where belongs to households.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.randomness import Array, between, pick, stream

CITY = ("371100000000", "日照市")
PROVINCE = ("370000000000", "山东省")
COUNTIES = {  # code: name, share of the people, share of urban people, townships at full size
    "371102": ("东港区", 0.33, 0.80, 12),
    "371103": ("岚山区", 0.15, 0.60, 9),
    "371121": ("五莲县", 0.17, 0.50, 12),
    "371122": ("莒县", 0.35, 0.52, 22),
}
_FIRST = "青云石龙凤金银白黑松柳桃杏梨枣竹莲桂兰芝泉溪沙潮"
_SECOND = "岭河沟坡湾塘桥店集庄屯堡崖坪洼滩渡峪川源埠台关港"
_VILLAGE = "王李张刘陈杨赵周吴徐孙马朱胡林郭何高罗郑上下前后东西南北大小"
_VILLAGE_END = ["家庄", "家村", "家沟", "家岭", "家洼", "家河", "家官庄", "家湾", "家埠", "家岭前"]


@dataclass(frozen=True)
class Places:
    """regions: the reference table. villages: one row per village with its weight and names."""

    regions: pl.DataFrame
    villages: pl.DataFrame


def _towns(seed: int, people: int) -> pl.DataFrame:
    wanted = int(np.clip(people // 1000, 8, 55))
    rng = stream(seed, "towns")
    counts = [max(2, round(c[3] * wanted / 55)) for c in COUNTIES.values()]
    names = [a + b for a in _FIRST for b in _SECOND]
    chosen = iter(rng.permutation(len(names)))
    rows = []
    for (code, (county, share, urban, _)), count in zip(COUNTIES.items(), counts, strict=True):
        weight = 1 / (np.arange(count) + 1.5) ** 0.7
        weight = weight / weight.sum() * share
        reached = np.cumsum(weight) / share
        for index in range(count):
            street = reached[index] <= max(urban * 0.9, reached[0])
            number = index + 1 if street else 100 + index
            rows.append(
                {
                    "county_code": code,
                    "county": county,
                    "town_code": f"{code}{number:03d}",
                    "township": names[next(chosen)] + ("街道" if street else "镇"),
                    "weight": float(weight[index]),
                    "urban_share": 0.95 if street else max(0.25, urban - 0.25),
                }
            )
    return pl.DataFrame(rows)


def _village_names(rng: np.random.Generator, town_index: Array, urban: Array) -> pl.Series:
    """Names unique within a township: a walk over all pairs with a random start."""
    size = len(town_index)
    ends = pl.Series(_VILLAGE_END)
    pairs = len(_VILLAGE) * len(_VILLAGE_END)
    _, start, counts = np.unique(town_index, return_index=True, return_counts=True)
    rank = np.arange(size) - np.repeat(start, counts)
    offset = np.repeat(rng.integers(0, pairs, len(counts)), counts)
    pair = (offset + rank * 7) % pairs
    first = pl.Series(list(_VILLAGE))[pair % len(_VILLAGE)]
    base = first + ends[pair // len(_VILLAGE)]
    # a community's name ends in 社区, a village's in 村
    suffix = pl.Series(["村", "社区"])[urban.astype(int)]
    return base.str.strip_suffix("村") + suffix


def build_places(seed: int, people: int) -> Places:
    """Townships of Zipf-like size; a village keeps about 400 to 1,600 people at full size."""
    towns = _towns(seed, people)
    rng = stream(seed, "villages")
    per_town = np.clip((towns["weight"].to_numpy() * people / 1200).astype(int), 3, 90)
    town_index = np.repeat(np.arange(towns.height), per_town)
    rank = np.concatenate([np.arange(n) for n in per_town])
    urban = (rank + 0.5) / per_town[town_index] < towns["urban_share"].to_numpy()[town_index]
    size = len(town_index)
    share = rng.gamma(3.0, 1.0, size)
    town_sum = np.bincount(town_index, share)
    town = towns[town_index]
    number = np.where(urban, rank + 1, 200 + rank)
    kinds = np.where(
        urban,
        np.array(["111", "112", "121", "122"])[pick(rng, [4, 2, 3, 1], size)],
        np.array(["220", "210"])[pick(rng, [9, 1], size)],
    )
    villages = town.select("county_code", "county", "town_code", "township").with_columns(
        region_code=pl.col("town_code") + pl.Series(number).cast(pl.String).str.zfill(3),
        village=_village_names(rng, town_index, urban),
        urban=pl.Series(urban),
        urban_rural_code=pl.Series(kinds),
        weight=pl.Series(town["weight"].to_numpy() * share / town_sum[town_index]),
        school_area=pl.Series(town_index),
        spread=pl.Series(between(rng, 0.0, 1.0, size)),
    )
    return Places(_reference(towns, villages), villages)


def _reference(towns: pl.DataFrame, villages: pl.DataFrame) -> pl.DataFrame:
    upper = [(PROVINCE[0], PROVINCE[1], None), (CITY[0], CITY[1], PROVINCE[0])]
    upper += [(code + "000000", row[0], CITY[0]) for code, row in COUNTIES.items()]
    columns = {"region_code": pl.String, "name": pl.String, "parent_code": pl.String}
    top = pl.DataFrame(upper, schema=columns, orient="row")
    middle = towns.select(
        region_code=pl.col("town_code") + "000",
        name="township",
        parent_code=pl.col("county_code") + "000000",
    )
    low = villages.select(
        "region_code",
        name="village",
        parent_code=pl.col("town_code") + "000",
        urban_rural_code="urban_rural_code",
    )
    return pl.concat([top, middle, low], how="diagonal").sort("region_code")
