"""Who lives in a household and where, as a night knows it, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.lake.night import Night

Row = dict[str, Any]


def members_of(night: Night, household: str | None) -> list[Row]:
    """The people of a household with what rules read of each, the living and the oldest first."""
    return rows_of(
        night,
        """
        SELECT member.person_id, member.relation, member.since, person.sex, person.birth_year,
               person.alive, person.identity_confidence, indicator.age, indicator.tier,
               indicator.burden_all_12m, indicator.severe_chronic, indicator.disability_level,
               indicator.is_student, attribute.present, death.died_on,
               coalesce(death.doubtful, false) AS death_doubtful
        FROM population.household_member AS member
        INNER JOIN population.person AS person ON member.person_id = person.person_id
        LEFT JOIN hardship.person_indicator AS indicator
            ON member.person_id = indicator.person_id
        LEFT JOIN population.person_attribute AS attribute
            ON member.person_id = attribute.person_id
        LEFT JOIN population.death AS death ON member.person_id = death.person_id
        WHERE member.household_id = $household
        ORDER BY person.alive DESC, person.birth_year NULLS LAST, member.person_id
        """,
        household=household,
    )


def names_of(night: Night, people: Sequence[str]) -> dict[str, str | None]:
    rows = rows_of(
        night, "SELECT person_id, name FROM linkage.person_identity "
        "WHERE list_contains($people, person_id)", people=list(people),
    )  # fmt: skip
    return {row["person_id"]: row["name"] for row in rows}


def place_names(night: Night, region_code: str | None) -> tuple[str, ...]:
    """County, township and village by name; the code of a level that the regions do not know."""
    if not region_code:
        return ()
    levels = [region_code[:n].ljust(12, "0") for n in (6, 9, 12)]
    levels = [c for n, c in enumerate(levels) if n == 0 or c != levels[n - 1]]
    if not night.exists("standard.region"):
        return (region_code,)
    rows = rows_of(
        night, "SELECT region_code, name FROM standard.region "
        "WHERE list_contains($codes, region_code)", codes=levels,
    )  # fmt: skip
    known = {row["region_code"]: row["name"] for row in rows}
    return tuple(known.get(code) or code for code in levels)


def rows_of(night: Night, sql: str, **values: Any) -> list[Row]:
    return night.query(sql, values).to_dicts()
