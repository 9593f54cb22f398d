"""What holds of every policy and every medical history: dates, order, refunds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.engine.duck import DuckEngine
from pipelines.engine.sql import read_sql
from pipelines.hardship import registry, rule_sql
from pipelines.hardship.policy import load_policy
from pipelines.hardship.policy_model import Parameter, ParameterValue, Policy
from tests.hardship.test_policy import PARAMETERS, RULE, folder
from tests.hardship.world import World

NIGHT = date(2026, 11, 20)
PLACES = [
    ("371102001001", "rural"), ("371102002001", "urban"), ("371121001001", "rural"),
    ("110101001001", "urban"), ("371102001001", None), ("000000000000", None),
]  # fmt: skip
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
VALUES = st.builds(
    ParameterValue,
    region=st.sampled_from(["", "37", "3711", "371102", "371102001001", "11"]),
    urban_rural=st.sampled_from([None, "urban", "rural"]),
    valid_from=DAYS,
    value=st.one_of(st.none(), st.integers(1, 9).map(float)),
    source=st.just("s"),
    assumption=st.booleans(),
)
HISTORIES = st.lists(
    VALUES, min_size=1, max_size=8, unique_by=lambda v: (v.region, v.urban_rural, v.valid_from)
)
MANY = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = DuckEngine(tmp_path_factory.mktemp("engine"), "200MB", 1)
    rows = " UNION ALL ".join(
        f"SELECT '{region}' AS region_code, {quoted(kind)} AS urban_rural"
        for region, kind in PLACES
    )
    found.view("population.person", rows)
    found.view("population.household", rows)
    yield found
    found.close()


def quoted(word: str | None) -> str:
    return f"'{word}'" if word else "NULL::VARCHAR"


def in_force(engine: DuckEngine, values: list[ParameterValue]) -> dict[tuple[str, str], Any]:
    """By place: what the statement of the night says."""
    listed = " UNION ALL ".join(
        f"SELECT 'line' AS name, '{v.region}' AS region, "
        f"{quoted(v.urban_rural)} AS urban_rural, "
        f"DATE '{v.valid_from}' AS valid_from, {v.value if v.value else 'NULL'}::DOUBLE AS value, "
        f"{v.assumption} AS assumption"
        for v in values
    )
    engine.view("meta.policy_parameter", listed)
    sql = read_sql(registry.ROOM / "parameter_in_force.sql")
    rows = engine.query(sql, {"as_of": NIGHT}).to_dicts()
    return {(r["region_code"], r["urban_rural"]): (r["value"], r["assumption"]) for r in rows}


@MANY
@given(values=HISTORIES)
def test_the_value_in_force_is_the_one_that_the_definition_names(
    engine: DuckEngine, values: list[ParameterValue]
) -> None:
    found = in_force(engine, values)
    parameter = Parameter("line", "CNY", "线", "line", tuple(values))
    for region, kind in PLACES:
        value = parameter.in_force(region, kind, NIGHT)
        wanted = (value.value, value.assumption) if value else None
        assert found.get((region, kind or "")) == wanted


@MANY
@given(values=HISTORIES, later=st.lists(VALUES, max_size=4))
def test_a_later_value_never_changes_an_earlier_night(
    engine: DuckEngine, values: list[ParameterValue], later: list[ParameterValue]
) -> None:
    known = {(v.region, v.urban_rural, v.valid_from) for v in values}
    added = [
        v for v in later
        if v.valid_from > NIGHT and (v.region, v.urban_rural, v.valid_from) not in known
    ]  # fmt: skip
    assert in_force(engine, [*values, *added]) == in_force(engine, values)


@MANY
@given(start=DAYS, end=st.one_of(st.none(), DAYS))
def test_a_rule_of_another_day_never_changes_a_night(
    tmp_path: Path, start: date, end: date | None
) -> None:
    """One more rule changes the statements of a night exactly when it is in force on it."""
    until = f", to: {end}" if end else ""
    if end is not None and end <= start:
        return
    more = RULE.replace("- id: a", "- id: b").replace(
        "{from: 2024-01-01}", f"{{from: {start}{until}}}"
    )
    before = load_policy(folder(tmp_path, PARAMETERS, RULE))
    after = load_policy(folder(tmp_path, PARAMETERS, RULE + more))
    same = all(
        said(make, before) == said(make, after)
        for make in (rule_sql.alert_sql, rule_sql.not_judged_sql)
    )
    assert same != (start <= NIGHT and (end is None or end > NIGHT))


def said(make: Any, policy: Policy) -> str:
    return str(make(policy, NIGHT)).replace(policy.version, "version")


# -- medical histories

MEDICAL = (
    "hardship.medical_delivery", "hardship.superseded_settlement", "hardship.refund_pair",
    "hardship.touched_day", "hardship.medical_day", "hardship.settlement_aid",
    "hardship.medical_aid_payment", "hardship.person_medical", "hardship.recent_report",
    "hardship.person_indicator",
)  # fmt: skip
FEW = settings(
    max_examples=4, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
WITHIN = st.dates(NIGHT - timedelta(days=400), NIGHT)
#: day, cost, kind of care, whether refunded and how
STAYS = st.lists(
    st.tuples(
        WITHIN, st.integers(1, 50_000), st.sampled_from(["11", "21", "140104", "41"]),
        st.sampled_from(["original", "same visit", "both flagged", "flag only"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def indicators(world: World) -> dict[str, dict[str, Any]]:
    with world.night(NIGHT, rebuild=True) as night:
        for table in MEDICAL:
            registry.build(table, night)
        rows = night.frame("hardship.person_indicator").to_dicts()
    return {row["person_id"]: row for row in rows}


def settle(world: World, number: int, stay: tuple[date, int, str, str], **more: Any) -> None:
    on, cost, care, _ = stay
    world.settle("P1", f"s{number}", on, cost, care_type=care, **more)


def refund(world: World, number: int, stay: tuple[date, int, str, str]) -> None:
    """The refund of a settlement, in the style that the stay names."""
    on, cost, care, style = stay
    if style == "flag only":
        return
    original = f"s{number}" if style in ("original", "both flagged") else None
    world.settle(
        "P1", f"r{number}", on + timedelta(days=3), -cost, care_type=care, visit_id=f"vs{number}",
        original_settlement_id=original, refunded=style == "both flagged",
    )  # fmt: skip


@FEW
@given(stays=STAYS)
def test_a_refund_of_everything_equals_never_having_been_there(
    tmp_path_factory: pytest.TempPathFactory, stays: list[tuple[date, int, str, str]]
) -> None:
    world = World(tmp_path_factory.mktemp("refunded"))
    for person in ("P1", "P2"):
        world.person(person)
    for number, stay in enumerate(stays):
        settle(world, number, stay, refunded=stay[3] in ("both flagged", "flag only"))
        refund(world, number, stay)
    found = indicators(world)
    ids = {"person_id": "P2", "household_id": found["P2"]["household_id"]}
    assert {**found["P1"], **ids} == found["P2"]


@FEW
@given(stays=STAYS, order=st.randoms(use_true_random=False))
def test_the_order_of_files_and_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, stays: list[tuple[date, int, str, str]], order: Any
) -> None:
    def world_of(name: str, shuffled: bool) -> World:
        world = World(tmp_path_factory.mktemp(name))
        world.person("P1")
        for number, stay in enumerate(stays):
            delivery = {"delivery_id": f"d{number % 3}", "received_order": number % 3 + 1}
            settle(world, number, stay, **delivery)
            if number % 2:
                refund(world, number, stay)
        spending = world.rows["standard.medical_spending"]
        if shuffled:
            files = sorted({row["delivery_id"] for row in spending})
            turned = dict(zip(files, order.sample(range(1, len(files) + 1), len(files)),
                              strict=True))  # fmt: skip
            order.shuffle(spending)
            for number, row in enumerate(spending, 1):
                row["received_order"] = turned[row["delivery_id"]]
                row["row_number"] = number
            for row in world.rows["standard.spending_delivery"]:
                row["received_order"] = turned[row["delivery_id"]]
            order.shuffle(world.rows["standard.spending_delivery"])
        return world

    assert indicators(world_of("one", False)) == indicators(world_of("two", True))
