"""Why a pair was decided as it was, in Chinese beside the English that `decide` writes.

A reason is one of a few sentences, or names each property with the way in which it agrees; a way
that a model file adds and that is not listed here stays as it is called there.
"""

from __future__ import annotations

import polars as pl

SENTENCES = {
    "one error in the number, same name and birth date": "号码有一处错误，姓名和出生日期相同",
    "judged to be one person": "人工判断为同一人",
    "judged to be two people": "人工判断为两人",
    "shows a number that is the other's own": "所填号码属于对方",
    "nothing but the name agrees": "除姓名外没有相符之处",
    "several candidates": "有多个可能的对象",
    "two keys of one register": "同一登记册中的两个编号",
    "would join two own numbers": "会把两个各有号码的人并为一人",
    "would join two other papers": "会把两份其他证件并为一人",
    "would join two people of one row": "会把同一行中的两人并为一人",
    "would join two people of one list": "会把同一户名单中的两人并为一人",
    "would join two keys of one register": "会把同一登记册中的两个编号并为一人",
    "would join two birthdays years apart": "会把出生日期相差多年的两人并为一人",
    "would join two who were judged to be two people": "会把人工判断为两人的并为一人",
    "one number under two names": "同一号码下有两个姓名",
    "one person with two keys of one register": "一人在同一登记册中有两个编号",
}
WORDS = {
    "names differ: ": "姓名不符：", ", ": "，",
    "name ": "姓名", "birth ": "出生日期", "phone ": "电话", "group ": "群组", "number ": "号码",
    "sound_toned": "音调皆同", "year_apart": "相差一年", "one_character": "差一字",
    "one_digit": "差一位", "shortened": "为简写", "different": "不同", "swapped": "月日颠倒",
    "surname": "仅姓氏相同", "unknown": "不详", "shared": "相同", "exact": "相同", "sound": "同音",
    "shape": "字形相近", "lunar": "为农历", "year": "同年", "near": "相近", "kin": "属亲属",
}  # fmt: skip


def in_chinese(reason: pl.Expr) -> pl.Expr:
    """A reason of `decide` in Chinese."""
    said = reason.str.replace_many(list(WORDS), list(WORDS.values()), leftmost=True)
    sentence = reason.replace_strict(SENTENCES, default=None, return_dtype=pl.String)
    return pl.coalesce(sentence, said)
