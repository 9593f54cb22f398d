"""What a site writes down: no secrets in it, every fault said at once, and the night's wiring."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.check import check_all
from pipelines.errors import ConfigurationFault
from pipelines.intake.pull import delivery_faults
from pipelines.lake.night import Night
from pipelines.nightly import SHANGHAI, land_arrivals
from pipelines.settings import SCHEMAS, Settings, read_settings
from pipelines.standard.promises import contract_promise
from tests.intake.conftest import PAYMENT, Office
from tests.intake.places import Nights, Postgres

RIZHAO = SCHEMAS / "policies" / "rizhao"
EXAMPLE = Path(__file__).resolve().parents[2] / "settings.example.toml"
TABLE = {"dataset": PAYMENT, "table": "payment", "cursor": "id"}


def faults_of(**places: Any) -> str:
    with pytest.raises(ConfigurationFault) as caught:
        read_settings(**places)
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hush-hush@db/exchange",
        "postgresql://reader:@db/exchange",
        "postgresql://reader@db/exchange?password=hush-hush",
        "mysql://reader@db/exchange?passwd=hush-hush",
    ],
)
def test_a_password_in_the_settings_is_refused_and_not_repeated(url: str) -> None:
    said = faults_of(databases={"exchange": {"url": url}})
    assert "JIUZHULIAN_PASSWORD_<NAME>" in said and "0600" in said
    assert "hush-hush" not in said


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("oracle://reader@db/exchange", "scheme oracle is not known"),
        ("postgresql://reader@db", "names no database"),
        ("postgresql://reader@db/exchange?options=-cfoo", "options cannot stand in the url"),
        ("postgresql://reader@db:port/exchange", "port"),
        ("sftp://reader@db/exchange", "is no database"),
    ],
)
def test_an_url_that_leads_nowhere(url: str, why: str) -> None:
    assert why in faults_of(databases={"exchange": {"url": url}})


@pytest.mark.parametrize("name", ['x"; drop table y', "a.b.c", "1a", "x--", "", "a`b"])
def test_no_sql_comes_out_of_the_settings(name: str) -> None:
    for changed in ({"table": name}, {"cursor": name}):
        place = {"url": "postgresql://reader@db/x", "tables": [{**TABLE, **changed}]}
        assert "databases.exchange.tables.0" in faults_of(databases={"exchange": place})


def test_every_fault_at_once(office: Office, tmp_path: Path) -> None:
    loose = tmp_path / "password"
    loose.write_text("hush-hush")
    loose.chmod(0o640)
    region = {"dataset": "reference/region", "table": "area", "cursor": "id"}
    settings = Settings(
        databases={
            "one": {
                "url": "postgresql://reader@db/x", "password_file": str(loose),
                "tables": [region, {"dataset": PAYMENT, "table": "payment"}],
            },
            "two": {"url": "mysql://reader@db/x", "tables": [
                {"dataset": "no/such", "table": "t"}, {**TABLE, "table": "other"}]},
            "three": {"url": "mysql://reader@db/x"},
        },
        remotes={
            "bureau": {"url": "sftp://me@host", "key_file": str(tmp_path / "nothing")},
            "other": {"url": "sftp://me@host", "host_key": "ssh-ed25519 no-key",
                      "folders": [{"dataset": PAYMENT, "path": "/out"}]},
        },
    )  # type: ignore[arg-type]  # fmt: skip
    with pytest.raises(ConfigurationFault) as caught:
        check_all(SCHEMAS, RIZHAO, settings)
    said = caught.value.faults
    assert [fault.split(": ", 2)[1] for fault in said] == [
        "databases.one", "databases.one", "databases.one", "databases.two", "databases.three",
        "remotes.bureau", "remotes.bureau", "remotes.bureau", "remotes.other",
        f"{PAYMENT} is pulled from 2 tables",
    ]  # fmt: skip
    wanted = (
        "mode 0640", "chmod 0600", "take its cursor out", "name the column",
        "no contract for no/such", "names no tables", "cannot be read", "names no host key",
        "names no folders", "host_key is no public key",
    )  # fmt: skip
    assert all(any(word in fault for fault in said) for word in wanted)
    assert "hush-hush" not in str(caught.value)


def test_a_secret_of_its_own_file(nights: Nights, postgres: Postgres, tmp_path: Path) -> None:
    postgres.does(
        "DROP TABLE IF EXISTS area",
        "CREATE TABLE area AS SELECT 379900000000 AS region_code, '甲市' AS name",
    )
    secret = tmp_path / "password"
    secret.write_text("whatever\n")
    secret.chmod(0o600)
    nights.databases = {
        "exchange": {"url": postgres.url(), "password_file": str(secret),
                     "tables": [{"dataset": "reference/region", "table": "area"}]}
    }  # fmt: skip
    nights.night()
    assert [r.status for r in nights.receipts()] == ["landed"]
    secret.chmod(0o644)
    with pytest.raises(ConfigurationFault, match="mode 0644"):
        nights.night()


def test_the_example_is_complete_and_right(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commented lines are uncommented here; only files that this machine lacks may be said."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    shown = [line.removeprefix("#: ") for line in lines]
    (tmp_path / "settings.toml").write_text("\n".join(shown), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert set(settings.databases) and set(settings.remotes)
    for fault in delivery_faults(settings, office.contracts):
        assert "/etc/jiuzhulian/" in fault, fault


def test_places_can_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUZHULIAN_DATABASES", '{"exchange": {"url": "mysql://reader@db:3307/x"}}')
    assert read_settings().databases["exchange"].parts.port == 3307


def test_a_night_pulls_first_and_then_lands(postgres: Postgres, office: Office) -> None:
    """The frame that the command ``run`` and Dagster's asset ``landing`` share."""
    postgres.does(
        "DROP TABLE IF EXISTS area",
        "CREATE TABLE area AS SELECT 379900000000 AS region_code, '甲市' AS name",
    )
    table = {"dataset": "reference/region", "table": "area"}
    settings = Settings(
        landing=office.landing, home=office.home.root, memory_limit="500MB",
        databases={"exchange": {"url": postgres.url(), "tables": [table]}},  # type: ignore[dict-item]
    )  # fmt: skip
    today = datetime.now(SHANGHAI).date()

    def statuses(day: date, *, pull: bool = True) -> list[str]:
        night = Night(office.home, day, settings, contract_promises=contract_promise)
        try:
            land_arrivals(night, pull=pull)
            return [receipt.status for receipt, _ in night.landed("reference/region")]
        finally:
            night.close()

    assert statuses(today, pull=False) == []
    assert statuses(today - timedelta(days=1)) == []
    assert statuses(today) == ["landed"]
