"""Planted help stands in files of its own, cleanly written, with the truth beside it."""

import polars as pl
import pytest

from pipelines.synthetic.city import write_city
from pipelines.synthetic.planted import OF_COVERS, OF_HOUSEHOLDS, OF_THE_LIVING
from tests.synthetic.conftest import Written


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Large enough for every sort, with a short history."""
    path = tmp_path_factory.mktemp("planted")
    return Written(path, write_city(2500, 7, path, months=2, nights=1))


def planted(city: Written) -> pl.DataFrame:
    return city.truth("planted")


def test_every_person_is_planted_once_with_what_to_find(city: Written) -> None:
    rows = planted(city)
    assert rows["person_uid"].is_unique().all()
    assert set(rows["sort"]) >= {*OF_THE_LIVING, *OF_HOUSEHOLDS, *OF_COVERS} - {"pupil"}
    kinds = dict(zip(rows["sort"], rows["expected"], strict=True))
    assert kinds["twice"] == "same_aid_twice"
    assert kinds["quarterly"] is None


def test_what_is_planted_stands_in_files_of_its_own(city: Written) -> None:
    paid = city.truth("civil_affairs__assistance_payment")
    own = pl.col("file").str.contains("_planted_")
    assert paid.filter(own)["payment_id"].str.starts_with("ZT").all()
    assert not paid.filter(~own)["payment_id"].str.starts_with("ZT").any()
    assert not paid.filter(own)["quarantined"].any()
    households = city.truth("civil_affairs__assistance_household").filter(own)
    sorts = planted(city)["sort"]
    once = sorts.is_in(list(OF_HOUSEHOLDS)).sum() - _more_pupils(city)
    assert households["certificate_no"].n_unique() == once + 2 * sorts.is_in(list(OF_COVERS)).sum()


def _more_pupils(city: Written) -> int:
    """A household that was planted for its pupils can have more than one."""
    pupils = planted(city).filter(pl.col("sort") == "pupil")["person_uid"]
    homes = city.truth("person").filter(pl.col("person_uid").is_in(pupils.implode()))["hh"]
    return len(pupils) - homes.n_unique()


def test_a_quarterly_payer_pays_what_a_monthly_one_does(city: Written) -> None:
    paid = city.truth("civil_affairs__assistance_payment")
    uid = planted(city).filter(pl.col("sort") == "quarterly")["person_uid"][0]
    rows = paid.filter((pl.col("person_uid") == uid) & (pl.col("aid_type") == "低保金"))
    assert rows.height == 3
    assert set(rows["amount"].cast(pl.Float64)) == {3 * 520.0}


def test_what_is_taken_back_leaves_nothing(city: Written) -> None:
    paid = city.truth("civil_affairs__assistance_payment")
    uid = planted(city).filter(pl.col("sort") == "twice, taken back")["person_uid"][0]
    rows = paid.filter(pl.col("person_uid") == uid)
    months = rows.group_by("benefit_month").agg(pl.col("amount").cast(pl.Float64).sum())
    assert set(months["amount"]) == {100.0}
