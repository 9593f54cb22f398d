"""Names: surnames by their usual shares, given names by sex and generation, minority names.

Draws names; how they are misspelt belongs to errors.
"""

import numpy as np
import polars as pl

from pipelines.synthetic.randomness import Array, pick

SURNAMES = {
    "王": 82, "李": 74, "张": 73, "刘": 62, "陈": 40, "杨": 26, "孙": 25, "赵": 24, "徐": 20,
    "周": 17, "马": 16, "高": 15, "朱": 14, "吴": 14, "郑": 12, "于": 12, "宋": 12, "胡": 11,
    "林": 11, "郭": 11, "何": 9, "韩": 9, "秦": 8, "许": 8, "冯": 7, "曹": 7, "董": 7, "梁": 6,
    "谢": 6, "丁": 6, "崔": 6, "辛": 6, "牟": 6, "庄": 5, "范": 5, "潘": 5, "袁": 5, "魏": 5,
    "田": 5, "姜": 5, "申": 4, "厉": 4, "史": 4, "葛": 4, "苗": 4, "时": 3, "费": 3, "安": 3,
    "曾": 3, "罗": 3, "唐": 3, "卜": 2, "相": 2, "单": 2, "解": 2, "贺": 2, "邵": 2, "滕": 2,
    "欧阳": 1, "尉迟": 0.3, "司马": 0.5, "上官": 0.4, "诸葛": 1, "单于": 0.1,
}  # fmt: skip
_ELDER_MEN = "建国志明文德玉永福成富贵祥忠义礼信庆林山海洪廷兆传纪守学善生堂"
_ELDER_WOMEN = "秀英兰桂芳玉珍凤荣梅淑华香花翠莲菊爱云霞美月芝娥芬彩红玲琴"
_MEN = "伟强磊军洋勇杰涛超明刚平辉鹏华飞波斌宇浩凯健俊峰海东亮志文龙建"
_WOMEN = "静丽敏艳娟霞燕芳玲婷萍红雪慧莉琳颖晶佳欣洁倩云英兰梅娜璐蕾"
_BOYS = "子轩浩宇梓睿博文泽俊熙晨一铭嘉奕辰宸瑞霖航逸皓昊然哲天佑思远锐"
_GIRLS = "梓涵欣怡诗雨可馨语桐若汐一诺子萱佳琪思彤艺妍悦菲芮沐瑶依心茗夏"
_RARE = "㛃𬱖𫍲喆犇淼垚燚骉䶮"
_POOLS = (_ELDER_MEN, _ELDER_WOMEN, _MEN, _WOMEN, _BOYS, _GIRLS)
_MINORITY_FIRST = ["阿依古丽", "买买提", "阿卜杜拉", "古丽娜尔", "艾力", "帕提古丽", "努尔兰",
                   "扎西", "卓玛", "阿迪力", "热依汗", "木合塔尔"]  # fmt: skip
_MINORITY_LAST = ["吐尔逊", "依明", "买买提", "艾合买提", "司马义", "卡德尔", "达娃", "尼牙孜",
                  "阿卜力孜", "加措", "肉孜", "哈斯木"]  # fmt: skip


def surname_index(rng: np.random.Generator, size: int) -> Array:
    """Surnames by share, as positions in SURNAMES."""
    return pick(rng, list(SURNAMES.values()), size)


def given_names(rng: np.random.Generator, birth_year: Array, sex: Array) -> pl.Series:
    """One or two characters of the pool of the person's sex and generation."""
    size = len(birth_year)
    era = np.where(birth_year < 1968, 0, np.where(birth_year < 2004, 2, 4)) + (sex == 2)
    width = max(len(pool) for pool in _POOLS)
    table = np.array([list(pool) + [pool[i % len(pool)] for i in range(width - len(pool))]
                      for pool in _POOLS])  # fmt: skip
    # the first characters of a pool are the usual ones
    first = table[era, (width * rng.random(size) ** 1.5).astype(int)]
    second = table[era, (width * rng.random(size) ** 1.2).astype(int)]
    rare = rng.random(size) < 0.0012
    second = np.where(rare, np.array(list(_RARE))[rng.integers(0, len(_RARE), size)], second)
    single = (rng.random(size) < np.where(era < 2, 0.06, np.where(era < 4, 0.22, 0.12))) & ~rare
    return pl.Series(first) + pl.Series(np.where(single, "", second))


def full_names(
    rng: np.random.Generator, surname: Array, birth_year: Array, sex: Array, minority: Array
) -> pl.Series:
    """Surname and given name; some minority names have two parts joined by a dot."""
    plain = pl.Series(list(SURNAMES))[surname] + given_names(rng, birth_year, sex)
    size = len(surname)
    first = pl.Series(_MINORITY_FIRST)[rng.integers(0, len(_MINORITY_FIRST), size)]
    last = pl.Series(_MINORITY_LAST)[rng.integers(0, len(_MINORITY_LAST), size)]
    frame = pl.DataFrame({"plain": plain, "dotted": first + "·" + last, "minority": minority})
    return frame.select(
        name=pl.when("minority").then(pl.col("dotted")).otherwise(pl.col("plain"))
    ).to_series()
