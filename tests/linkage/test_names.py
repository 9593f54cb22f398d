"""Which names agree, and how."""

from __future__ import annotations

import pytest

from pipelines.linkage import names


def how(left: str, right: str) -> str:
    a, b = names.spelling(left), names.spelling(right)
    assert a is not None and b is not None
    assert names.agreement(a, b) == names.agreement(b, a)
    return names.agreement(a, b)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("王伟", "王伟", names.EXACT),
        ("王 伟", "王伟", names.EXACT),
        ("張偉", "张伟", names.EXACT),
        ("刘峯", "刘峰", names.EXACT),
        ("阿依古丽·买买提", "阿依古丽•买买提", names.EXACT),
        ("阿依古丽·买买提", "阿依古丽买买提", names.EXACT),
        ("阿依古丽·买买提", "阿依古丽", names.SHORTENED),
        ("阿依古丽买买提", "阿依古丽", names.SHORTENED),
        ("阿依古丽·买买提", "阿依古丽·吐尔逊", names.DIFFERENT),
        ("王小明", "王晓铭", names.SOUND),
        ("王小明", "王明", names.SHORTENED),
        ("王小明", "王小红", names.ONE_CHARACTER),
        ("王小明", "李小明", names.DIFFERENT),
        ("王伟", "王芳", names.DIFFERENT),
        ("王小丽之子", "王小丽", names.DIFFERENT),
        ("欧阳小丽之长女", "欧阳小丽", names.DIFFERENT),
        ("古丽之子·买买提", "古丽之子", names.SHORTENED),
    ],
)
def test_agreement(left: str, right: str, expected: str) -> None:
    assert how(left, right) == expected


def test_surnames_are_read_as_surnames() -> None:
    for name, surname in (("曾华", "zeng"), ("单于飞", "chan yu"), ("解放", "xie"), ("吕英", "lv")):
        spelled = names.spelling(name)
        assert spelled is not None and spelled.surname == surname


def test_nothing_left_of_a_name_is_no_name() -> None:
    assert names.spelling(" · ") is None


def test_tones_and_shapes() -> None:
    assert names.toned("李静") == names.toned("李敬") == "li3 jing4"
    assert names.toned("李晶") == "li3 jing1"
    assert names.shape("王未") == names.shape("玉末")
    assert names.shape("王未") != names.shape("王木")


def test_shape_groups_share_no_character() -> None:
    groups = names._lookup("similar_shapes")["groups"].split()
    characters = "".join(groups)
    assert len(characters) == len(set(characters))
    assert all(len(group) > 1 for group in groups)
