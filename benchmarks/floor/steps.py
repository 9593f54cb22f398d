"""The statements of the floor in their order, with dates and readings of cells put in.

The same statements run on DuckDB and, translated, on Spark; how files get in is not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from benchmarks.floor.columns import DATASETS, KINDS, day, number, tidy
from benchmarks.floor.files import Delivered

FOLDER = Path(__file__).parent / "sql"
READINGS = re.compile(r"(number_of|tidy_of|day_of)\(([^()]+)\)")
#: the label of joined groups is worked out between these two statements
TIES = "tie"
BELIEVED_LOSS, BELIEVED_ROWS = 0.1, 10


def window_start(as_of: date) -> date:
    """The last day that no longer counts."""
    day_of_month = as_of.day if (as_of.month, as_of.day) != (2, 29) else 28
    return as_of.replace(year=as_of.year - 1, day=day_of_month)


def with_values(sql: str, as_of: date) -> str:
    """Dates instead of $names; `tidy_of`, `number_of` and `day_of` written out."""
    sql = sql.replace("$as_of", f"date '{as_of}'")
    sql = sql.replace("$window_start", f"date '{window_start(as_of)}'")
    readers: dict[str, Callable[..., str]] = {"number_of": number, "tidy_of": tidy, "day_of": day}
    return READINGS.sub(lambda found: readers[found[1]](*found[2].split(", ")), sql)


def statements(as_of: date) -> list[tuple[str, str]]:
    """(table, statement) of every file, in order."""
    return [
        (path.stem.split("_", 1)[1], with_values(path.read_text(encoding="utf-8"), as_of))
        for path in sorted(FOLDER.glob("*.sql"))
    ]


def cells(file: Delivered, cell: dict[str, str], turn_of_row: str) -> str:
    """What a file's select gives: every column of its dataset, the extract date and a version.

    cell: our column → SQL that reads it as text; a column that the file lacks is NULL.
    """
    kinds = DATASETS[file.dataset].columns
    types = {"day": "date", "money": "decimal(12,2)", "flag": "boolean"}
    made = [
        f"{KINDS[kind](cell[name], file.scale.get(name, 1))} as {name}"
        if name in cell
        else f"cast(null as {types.get(kind, 'varchar')}) as {name}"
        for name, kind in kinds.items()
    ]
    made += [
        f"date '{file.extract_date}' as extract_date",
        f"{turn_of_row} + {file.turn}0000000000 as version",
    ]
    return ", ".join(made)


def newest(name: str) -> str:
    """One row per key: the newest version, of a snapshot in a scope that did not shrink."""
    dataset = DATASETS[name]
    wanted = " and ".join(f"{column} is not null" for column in dataset.required)
    key = _text(dataset.key)
    if dataset.scope is None:
        picked = f"""
            row_of as (select *, {key} as row_key from {name} where {wanted}),
            again as (
                select row_key, max(version) as version from row_of
                group by row_key having count(*) > 1
            ),
            picked as (
                select row_of.* from row_of
                left join again on row_of.row_key = again.row_key
                where again.row_key is null or again.version = row_of.version
            )"""
    else:
        scope = _text(dataset.scope) if dataset.scope else "''"
        picked = f"""
            row_of as (
                select *, {key} as row_key, {scope} as scope from {name} where {wanted}
            ),
            counted as (
                select scope, extract_date, count(distinct row_key) as rows_there from row_of
                group by scope, extract_date
            ),
            before as (
                select scope, extract_date, rows_there,
                    lag(rows_there) over (partition by scope order by extract_date) as rows_before
                from counted
            ),
            believed as (
                select scope, extract_date,
                    lead(extract_date) over (partition by scope order by extract_date) as left_on
                from before
                where rows_before is null or rows_before - rows_there < {BELIEVED_ROWS}
                    or rows_before - rows_there <= {BELIEVED_LOSS} * rows_before
            ),
            standing as (
                select row_of.*, believed.left_on, believed.left_on is null as is_current
                from row_of
                inner join believed
                    on row_of.scope = believed.scope
                    and row_of.extract_date = believed.extract_date
            ),
            last_one as (
                select row_key, max(version) as version from standing group by row_key
            ),
            picked as (
                select standing.* from standing
                inner join last_one
                    on standing.row_key = last_one.row_key
                    and standing.version = last_one.version
            )"""
    # numbers of settlements are read where they matter
    written = [c for c in dataset.columns if c.endswith("id_number") and name != "settlement"]
    tidied = "".join(f", {tidy(c)} as {c}_tidy" for c in written)
    numbers = "".join(
        f", {number(f'{c}_tidy', c)} as {c.replace('id_number', 'number')}" for c in written
    )
    return f"""with {picked},
        tidied as (select *{tidied} from picked)
        select *{numbers} from tidied"""


def _text(columns: tuple[str, ...]) -> str:
    if len(columns) == 1:
        return columns[0]
    parts = ", ".join(f"coalesce(cast({column} as varchar), '')" for column in columns)
    return f"concat_ws('|', {parts})"


def policy(folder: Path, as_of: date) -> tuple[list[tuple[Any, ...]], list[dict[str, Any]]]:
    """(name, region, urban_rural, from, value) of the parameters, and the rules in force."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    given = yaml.load((folder / "parameters.yaml").read_text(encoding="utf-8"), loader)
    values = [
        (name, str(one["region"]), one.get("urban_rural"), one["from"], one["value"])
        for name, parameter in given.items()
        if name != "covers"
        for one in parameter["values"]
    ]
    rules = yaml.load((folder / "rules.yaml").read_text(encoding="utf-8"), loader)
    return values, [
        rule
        for rule in rules
        if rule["effective"]["from"] <= as_of and as_of <= rule["effective"].get("to", date.max)
    ]


def alerts(names: list[str], rules: list[dict[str, Any]]) -> str:
    """Every rule that fires: rule, person (NULL for a household rule), household, level."""
    wide = ", ".join(f"max(case when name = '{n}' then value end) as {n}" for n in names)
    parts = []
    for rule in rules:
        level = " ".join(
            f"when ({rule['measure']}) >= {rule['level'][colour]} then '{colour}'"
            for colour in ("red", "orange")
            if colour in rule["level"]
        )
        person = "person" if rule["grain"] == "person" else "cast(null as varchar)"
        parts.append(
            f"select '{rule['id']}' as rule_id, {person} as person, household, "
            f"case {level} else 'yellow' end as level from {rule['grain']}_input "
            f"where ({rule['who']}) and ({rule['when']})"
            if level
            else f"select '{rule['id']}' as rule_id, {person} as person, household, "
            f"'yellow' as level from {rule['grain']}_input "
            f"where ({rule['who']}) and ({rule['when']})"
        )
    inputs = ", ".join(
        f"{grain}_input as (select indicator.*, {', '.join(f'wide.{n}' for n in names)} "
        f"from {grain}_indicator as indicator left join wide "
        f"on indicator.region_code = wide.region_code "
        f"and indicator.urban_rural = wide.urban_rural)"
        for grain in ("person", "household")
    )
    return (
        f"with wide as (select region_code, urban_rural, {wide} from parameter "
        f"group by region_code, urban_rural), {inputs} {' union all '.join(parts)}"
    )


LABEL = (
    "select person, min(person) as label from tie group by person",
    "select tie.group_key, min(label.label) as label from tie "
    "inner join label on tie.person = label.person group by tie.group_key",
    "select tie.person, min(group_label.label) as label from tie "
    "inner join group_label on tie.group_key = group_label.group_key group by tie.person",
    "select count(*) from label inner join next_label on label.person = next_label.person "
    "where label.label <> next_label.label",
)
