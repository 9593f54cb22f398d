"""What is held on one person, and a correction of it: the rights of PIPL art. 45 and 46.

Reads the last committed night. Who may ask, and that it is noted, is the commands' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import load_promises
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake import correction
from pipelines.lake.correction import Correction
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish.reading import past_night
from pipelines.standard.identity_number import identity_number
from pipelines.standard.values import standardise

Row = dict[str, Any]


def find(home: Path, number: str) -> list[str]:
    """Ids of the people who carry an identity number, as the last night knows them."""
    repaired = identity_number(pl.col("number"))
    made = pl.DataFrame({"number": [number]}).select(repaired.value.alias("number"))
    with past_night(home) as night:
        people = night.query(
            "SELECT person_id FROM linkage.person_identity WHERE id_number = $number ORDER BY 1",
            {"number": made["number"][0] or number.strip().upper()},
        )
    return people["person_id"].to_list()


def identities(home: Path, people: list[str]) -> list[Row]:
    """Who the people behind some ids are; NotFound for an id that nobody has."""
    with past_night(home) as night:
        rows = night.query(
            "SELECT * FROM linkage.person_identity WHERE list_contains($people, person_id) "
            "ORDER BY person_id", {"people": people},
        ).to_dicts()  # fmt: skip
        missing = sorted(set(people) - {row["person_id"] for row in rows})
        if missing:
            raise NotFound(f"no person {', '.join(missing)} on {night.as_of}")
    return rows


def held(home: Path, person_id: str) -> dict[str, Any]:
    """Everything that the last night holds on a person, by table, and the rows it came from."""
    (identity,) = identities(home, [person_id])
    with past_night(home) as night:
        household = night.query(
            "SELECT household_id FROM population.person WHERE person_id = $person",
            {"person": person_id},
        )["household_id"].to_list()  # fmt: skip
        links = night.query(
            "SELECT * FROM linkage.person_link WHERE person_id = $person "
            "ORDER BY source, dataset, record_key", {"person": person_id},
        ).to_dicts()  # fmt: skip
        tables = {
            name: rows
            for name in _about_people(night)
            if (rows := _rows(night, name, person_id, household[0] if household else None))
        }
        registers = {
            f"{link['source']}/{link['dataset']}:{link['record_key']}": found
            for link in links
            if (found := _landed(night, link)) is not None
        }
        corrections = [
            vars(one) for one in night.corrections
            if any(_is_of(one, link) for link in links)
        ]  # fmt: skip
        as_of = night.as_of
    return {
        "as_of": as_of, "person_id": person_id, "identity": identity, "links": links,
        "registers": registers, "tables": tables, "corrections": corrections,
    }  # fmt: skip


def _about_people(night: Night) -> list[str]:
    """Tables of the night that name a person or a household by id."""
    promises = load_promises(night.settings.schemas)
    return [
        name for name, promise in sorted(promises.items())
        if {"person_id", "household_id"} & set(promise.column_names)
        and not name.startswith("linkage.") and night.exists(name)
    ]  # fmt: skip


def _rows(night: Night, table: str, person_id: str, household: str | None) -> list[Row]:
    """Rows of a table that name the person; of tables by household alone, the household's."""
    names = night.promise(table).column_names
    by = "person_id" if "person_id" in names else "household_id"
    value = person_id if by == "person_id" else household
    sql = f"SELECT * FROM {table} WHERE {by} = $value"
    return night.query(sql, {"value": value}).to_dicts() if value else []


def _landed(night: Night, link: Row) -> list[Row] | None:
    """The rows of a register that were landed under a link's key, the newest first."""
    contract = load_contracts(night.settings.schemas).get(f"{link['source']}/{link['dataset']}")
    if contract is None:
        return None
    return night.query(
        f"SELECT * FROM {contract.raw_table} WHERE record_key = $key "
        "ORDER BY extract_date DESC, delivery_id", {"key": link["record_key"]},
    ).to_dicts()  # fmt: skip


def _is_of(one: Correction, link: Row) -> bool:
    return (one.source, one.dataset, one.record_key) == (
        link["source"], link["dataset"], link["record_key"]
    )  # fmt: skip


def correct(
    home: Home, person_id: str, record: str, column: str, value: str, reason: str, by: str
) -> Correction:
    """Keep that a register's value of a person is wrong; ``value`` empty: it is not known.

    Raises JiuzhulianError with everything that speaks against it: a record that is not the
    person's, a column that is part of the row's key or scope, an append dataset (whose department
    corrects a row by sending its key again), a value that cannot be read.
    """
    dataset, _, record_key = record.partition(":")
    contract = load_contracts().get(dataset)
    if contract is None or not record_key:
        raise JiuzhulianError("--record is <source>/<dataset>:<record_key>, as `person show` says")
    faults = list(_against(contract, column, reason, by))
    if faults:
        raise JiuzhulianError("; ".join(faults))
    source, name = dataset.split("/")
    with past_night(home.root) as night:
        links = night.query(
            "SELECT count(*) AS links FROM linkage.person_link WHERE person_id = $person "
            "AND source = $source AND dataset = $dataset AND record_key = $key",
            {"person": person_id, "source": source, "dataset": name, "key": record_key},
        ).item()  # fmt: skip
        rows = night.query(
            f'SELECT CAST("{column}" AS VARCHAR) AS was FROM {contract.std_table} '
            "WHERE record_key = $key", {"key": record_key},
        ).to_dicts()  # fmt: skip
    if not links or not rows:
        raise NotFound(f"{dataset} has no row of {person_id} under that key that counts now")
    return correction.record(
        home, source=source, dataset=name, record_key=record_key, column=column,
        was=rows[0]["was"], values=_standard(contract, column, value), reason=reason,
        decided_by=by,
    )  # fmt: skip


def _against(contract: Contract, column: str, reason: str, by: str) -> Iterator[str]:
    if not reason.strip() or not by.strip():
        yield "--reason and --by are needed: they are kept for good"
    known = {one.name: one for one in contract.columns}
    if contract.mode != "snapshot":
        yield (
            f"{contract.name} is corrected by its department: a row that is sent again under its "
            "key replaces the older one"
        )
    if column not in known:
        yield f"{contract.name} has no column {column}: {', '.join(known)}"
    elif known[column].is_key or column in contract.scope.columns:
        yield f"{column} says which row it is: its department must send the row anew"
    elif "[]" in known[column].type:
        yield f"{column} holds several values: its department must send the row anew"


def _standard(contract: Contract, column: str, value: str) -> dict[str, str | None]:
    """The landed columns that a value becomes, as text; what cannot be read is an error."""
    text = value.strip() or None
    made = standardise(pl.DataFrame({column: [text]}, {column: pl.String}), contract, load_codes())
    landed = made.frame.select(contract.column(column).types().keys())
    values = {
        name: None if given is None else str(given)
        for name, given in landed.cast(pl.String).to_dicts()[0].items()
    }
    if text is not None and values[column] is None:
        raise JiuzhulianError(f"the value is no {contract.column(column).kind}: write it plainly")
    return values
