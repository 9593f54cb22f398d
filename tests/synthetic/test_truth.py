"""The truth holds together: identities of settlements, refunds, keys, numbers, households."""

import numpy as np
import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.standard import identity_number
from pipelines.synthetic.identity_numbers import identity_numbers
from pipelines.synthetic.refunds import STYLES
from tests.synthetic.conftest import NIGHTS, Written

PARTS = ("basic_fund", "civil_servant_fund", "enterprise_fund", "major_illness_fund",
         "large_sum_fund", "disability_fund", "medical_aid", "other_fund")  # fmt: skip


@pytest.fixture(scope="module")
def settlements(city: Written) -> pl.DataFrame:
    return city.truth("medical_insurance__settlement")


def test_identities_of_settlements_hold(settlements: pl.DataFrame) -> None:
    full = settlements.drop_nulls(["in_scope_cost", "fund_total", *PARTS])
    assert full.height > 0.99 * settlements.height
    scope = pl.sum_horizontal(
        "full_own_pay", "over_limit_own_pay", "prior_own_pay", "in_scope_cost"
    )
    faults = full.filter(
        (pl.col("total_cost") != scope)
        | (pl.col("total_cost") != pl.col("fund_total") + pl.col("personal_burden"))
        | (pl.col("fund_total") != pl.sum_horizontal(*PARTS))
        | (pl.col("personal_burden") != pl.col("account_pay") + pl.col("cash_pay"))
    )
    assert faults.height == 0


def test_positive_rows_have_no_negative_part(settlements: pl.DataFrame) -> None:
    rows = settlements.filter(pl.col("total_cost") > 0)
    assert rows.filter(pl.any_horizontal(pl.col(*PARTS, "cash_pay") < 0)).height == 0


def test_refunds_come_in_every_style(settlements: pl.DataFrame) -> None:
    back = settlements.filter(pl.col("change") == "refund")
    assert (back["total_cost"] < 0).all()
    by_id = back.filter(pl.col("original_settlement_id").is_not_null())
    assert by_id.height and by_id.height < back.height
    known = settlements.filter(pl.col("total_cost") > 0)
    assert by_id["original_settlement_id"].is_in(known["settlement_id"].implode()).mean() > 0.9
    pairs = back.join(
        known, left_on=["psn_no", "visit_id"], right_on=["psn_no", "visit_id"], suffix="_of"
    ).filter(pl.col("total_cost") == -pl.col("total_cost_of"))
    assert pairs["settlement_id"].n_unique() > back.height * 0.8
    assert set(STYLES) >= {"original_id", "same_visit", "both_flagged", "flag_only"}


def test_stays_are_split_under_one_visit(settlements: pl.DataFrame) -> None:
    whole = settlements.filter(pl.col("change").is_in(["new", "late"]))
    assert whole.filter(pl.col("visit_id").is_duplicated())["care_type"].str.starts_with("2").any()


def test_corrections_carry_the_key_of_an_earlier_row(settlements: pl.DataFrame) -> None:
    again = settlements.filter(pl.col("change") == "correction")
    first = settlements.filter(pl.col("change") == "new")
    assert again.height > 0
    assert again["settlement_id"].is_in(first["settlement_id"].implode()).all()


def test_numbers_are_valid_unique_and_say_birth_and_sex(city: Written) -> None:
    people = city.truth("person")
    assert people["id_number"].is_unique().all()
    state = people.select(identity_number.status(pl.col("id_number"))).to_series()
    assert (state == "valid").all()
    assert (people["id_number"].str.slice(6, 8) == people["birth_date"].dt.strftime("%Y%m%d")).all()
    odd = people["id_number"].str.slice(16, 1).cast(pl.Int64) % 2
    assert (odd == people["sex"] % 2).all()


def test_keys_are_unique_within_a_delivery(city: Written) -> None:
    for name in city.names:
        rows = city.truth(name)
        dates = rows.filter(~pl.col("quarantined"))
        twice = dates.group_by("record_key", "extract_date", "arrives_on").len()
        assert (twice["len"] == 1).mean() > 0.999, name


def test_certificates_and_their_members_match(city: Written) -> None:
    households = city.truth("civil_affairs__assistance_household")
    members = city.truth("civil_affairs__assistance_member")
    for extract in households["extract_date"].unique():
        held = households.filter(pl.col("extract_date") == extract)
        named = members.filter(pl.col("extract_date") == extract)
        assert set(held["certificate_no"]) == set(named["certificate_no"])
        heads = named.filter(pl.col("relation") == "02")
        assert heads["person_uid"].is_in(held["head_uid"].implode()).all()


def test_nights_bring_changes(city: Written) -> None:
    deaths = city.truth("civil_affairs__death_record")
    doubtful = deaths.filter(pl.col("change") == "doubtful_death")
    assert doubtful["arrives_on"].to_list() == [NIGHTS[1]]
    treated = city.truth("medical_insurance__settlement").filter(
        (pl.col("person_uid") == doubtful["person_uid"][0])
        & (pl.col("begin_date") > doubtful["death_date"][0])
    )
    assert treated.height > 0
    households = city.truth("civil_affairs__assistance_household")
    assert (households["arrives_on"] == NIGHTS[1]).any()
    assert (city.truth("civil_affairs__economic_check")["arrives_on"] > NIGHTS[0]).any()


def test_mentions_name_existing_people(city: Written) -> None:
    mentions = city.truth("mention")
    assert mentions["person_uid"].is_in(city.truth("person")["person_uid"].implode()).all()
    assert not mentions.select("source", "dataset", "record_key").is_duplicated().any()
    assert mentions.filter(pl.col("record_key").str.ends_with("|guardian1")).height > 0
    needed = {c.source for c in load_contracts().values() if not c.optional} - {"reference"}
    assert needed == set(mentions["source"])


def test_birthdays_lie_scattered(city: Written) -> None:
    """Nobody's age is set to a bound: a large city would have thousands of one birthday."""
    born = city.truth("person").group_by("birth_date").len()
    assert born["len"].max() < 10  # type: ignore[operator]
    assert born["birth_date"].max() <= NIGHTS[-1]  # type: ignore[operator]


def test_no_two_people_get_one_number_however_many_there_are() -> None:
    def numbers(people: int) -> pl.Series:
        day = np.full(people, np.datetime64("1990-05-01"))
        return identity_numbers(np.full(people, 371102), day, np.full(people, 1), 7)

    assert numbers(500).n_unique() == 500
    with pytest.raises(ValueError, match="501 people of one area"):
        numbers(501)
