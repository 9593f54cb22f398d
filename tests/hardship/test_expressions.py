"""What a rule expression may say, and what is said about one that may not be used."""

from __future__ import annotations

import pytest

from pipelines.hardship.expressions import ExpressionFault, Kind, parse

KINDS: dict[str, Kind] = {
    "burden": "number", "income": "number", "tier": "text", "is_student": "boolean",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("burden > 0.5 * income", "boolean"),
        ("tier in ('低保', 'none') and not is_student", "boolean"),
        ("coalesce(burden, 0) between 1 and 2 or income is null", "boolean"),
        ("round(least(burden, abs(-income)) / nullif(income, 0), 2)", "number"),
        ("greatest(burden, income, 0)", "number"),
        ("case when is_student then 1 else burden end", "number"),
        ("tier like '低%'", "boolean"),
        ("true", "boolean"),
    ],
)
def test_allowed(text: str, wanted: Kind) -> None:
    assert parse(text, KINDS, wanted).kind == wanted


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("burdn > 1", "boolean", "character 1: unknown name burdn"),
        ("burden > (select 1)", "boolean", "sub-query"),
        ("burden in (select 1)", "boolean", "sub-query"),
        ("exists (select 1)", "boolean", "sub-query"),
        ("select 1", "boolean", "sub-query"),
        ("random() > 1", "boolean", "function"),
        ("sqrt(burden) > 1", "boolean", "function sqrt is not allowed"),
        ("count(burden) > 1", "boolean", "function count is not allowed"),
        ("sum(burden) over () > 1", "boolean", "is not allowed"),
        ("read_csv('x') > 1", "boolean", "is not allowed"),
        ("burden", "boolean", "gives a number, but true or false is wanted"),
        ("burden > 1", "number", "gives true or false"),
        ("tier > 1", "boolean", "mixes a text and a number"),
        ("tier + 1", "number", "is a text"),
        ("burden and is_student", "boolean", "is a number"),
        ("coalesce(tier, 0) = 'x'", "boolean", "mixes"),
        ("burden > 1; drop table x", "boolean", "second statement"),
        ("burden >", "boolean", "cannot be read"),
        ("drop table x", "boolean", "is not allowed"),
        ("p.burden > 1", "boolean", "unknown name p.burden"),
        ("burden::varchar = 'x'", "boolean", "is not allowed"),
        ("$x > 1", "boolean", "is not allowed"),
        ("", "boolean", "is empty"),
        ("*", "boolean", "is not allowed"),
    ],
)
def test_refused(text: str, wanted: Kind, said: str) -> None:
    with pytest.raises(ExpressionFault) as error:
        parse(text, KINDS, wanted)
    assert said in str(error.value)


def test_names_in_order_of_appearance() -> None:
    assert parse("income > burden or income < 1", KINDS, "boolean").names == ("income", "burden")
