"""The error model: how often which fault stands in which register, as one table.

All rates are assumptions (nothing is published); `dirt` multiplies them. How a fault looks in
writing stands in faults.
"""

NUMBER_FAULTS = ("missing", "wrong_digit", "wrong_check", "swapped", "fifteen", "full_width",
                 "spaced", "hidden", "apostrophe")  # fmt: skip
NAME_FAULTS = ("spaced", "variant", "homophone", "dropped")

# register: rates of the faults of a number, in the order of NUMBER_FAULTS
NUMBER_RATES: dict[str, tuple[float, ...]] = {
    "medical": (0.005, 0.0012, 0.0010, 0.0008, 0.0010, 0.002, 0.002, 0.001, 0.001),
    "education": (0.018, 0.0020, 0.0015, 0.0012, 0.0, 0.003, 0.004, 0.002, 0.002),
    "guardian": (0.060, 0.0030, 0.0020, 0.0020, 0.002, 0.003, 0.004, 0.002, 0.001),
    "civil": (0.004, 0.0020, 0.0015, 0.0015, 0.0020, 0.003, 0.004, 0.002, 0.004),
    "rural": (0.004, 0.0020, 0.0015, 0.0015, 0.0015, 0.003, 0.004, 0.002, 0.002),
    "field": (0.350, 0.0060, 0.0040, 0.0040, 0.002, 0.005, 0.010, 0.002, 0.001),
}
# register: rates of the faults of a name, in the order of NAME_FAULTS
NAME_RATES: dict[str, tuple[float, ...]] = {
    "medical": (0.003, 0.0020, 0.0010, 0.0004),
    "education": (0.004, 0.0025, 0.0020, 0.0005),
    "guardian": (0.006, 0.0050, 0.0080, 0.0010),
    "civil": (0.006, 0.0050, 0.0040, 0.0008),
    "rural": (0.005, 0.0040, 0.0040, 0.0008),
    "field": (0.010, 0.0100, 0.0250, 0.0030),
}
DOT_VARIANT = 0.5  # of names with a dot
LOWER_X = 0.03  # of numbers that end in X
PARENTS_NUMBER = {"medical": 0.008, "education": 0.006, "civil": 0.006, "rural": 0.006}
PARENTS_NUMBER_AGE = 14
BIRTH_DATE_WRONG = 0.002
SEX_WRONG = 0.001
OTHER_DOCUMENT = 0.0004  # a passport instead of a number
UNUSABLE_NUMBERS = ("missing", "wrong_digit", "wrong_check", "swapped", "rounded", "other")

# values written in another form than the file's usual one
OTHER_DATE_FORM = 0.004
MONEY_COMMAS, MONEY_SIGN, MONEY_WAN, MONEY_WU = 0.004, 0.002, 0.05, 0.03

# rows that cannot be used, and go to quarantine whole
UNUSABLE_ROWS = 0.00012
UNUSABLE_AT_LEAST = {"settlement": 1, "assistance_payment": 1, "economic_check": 1}
UNKNOWN_COLUMN = 0.35  # of the files
WAN_COLUMNS = {"assistance_household": "annual_income", "prevention_roster": "income_per_head"}
WAN_FILES = 0.2  # of the files with such a column give it in 万元
NO_WORDS_DATE = ("不详", "2026-13-45", "待补")
NO_WORDS_MONEY = ("待核", "####", "见附件")

VARIANTS = {
    "张": "張", "陈": "陳", "刘": "劉", "杨": "楊", "赵": "趙", "孙": "孫", "马": "馬", "许": "許",
    "郑": "鄭", "华": "華", "荣": "榮", "伟": "偉", "国": "國", "丽": "麗", "红": "紅", "军": "軍",
    "杰": "傑", "兰": "蘭", "凤": "鳳", "莲": "蓮", "云": "雲", "静": "靜", "辉": "輝", "义": "義",
    "贵": "貴", "庆": "慶", "爱": "愛", "艳": "豔", "刚": "剛", "强": "強", "东": "東", "峰": "峯",
    "宁": "寧", "龙": "龍", "鹏": "鵬", "颖": "穎", "晓": "曉", "洁": "潔", "泽": "澤", "阳": "陽",
}  # fmt: skip
HOMOPHONES = {
    "伟": "玮", "芳": "方", "静": "婧", "丽": "莉", "军": "君", "志": "智", "明": "铭", "霞": "遐",
    "华": "桦", "文": "雯", "宇": "雨", "杰": "洁", "辉": "晖", "佳": "嘉", "欣": "昕", "勇": "永",
    "峰": "锋", "萍": "平", "英": "瑛", "红": "宏", "秀": "绣", "玉": "育", "梅": "玫", "燕": "艳",
    "娟": "涓", "莲": "连", "珍": "贞", "桂": "贵", "淑": "书", "敏": "闽", "涵": "晗", "轩": "宣",
    "睿": "瑞", "梓": "紫", "怡": "宜", "诗": "施", "浩": "皓", "建": "健", "德": "得", "福": "富",
    "强": "墙", "磊": "垒", "涛": "韬", "超": "钞", "琴": "勤", "林": "琳", "海": "亥", "山": "珊",
}  # fmt: skip
DOTS = ("•", "・", ".", "．", "‧")
