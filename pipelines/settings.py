"""Where things lie and how much of the machine a run may use.

Read from ``settings.toml`` and environment variables ``JIUZHULIAN_<NAME>``. Policy values do not
belong here (they are dated data under ``schemas/policies``), nor secrets.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.delivery_settings import NAME, Database, Remote
from pipelines.errors import ConfigurationFault
from pipelines.service_settings import Notify, Service
from pipelines.spark_settings import Spark

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "schemas"
#: the beginning of region codes, down to the level at which a place lies
PLACE = re.compile(r"\d{2}(?<!00)(\d{2}(?<!00)(\d{2}(?<!00)(\d{3}(?<!000))?)?)?")
#: settings on which results depend; all others say where things lie and how fast they go
DECIDING = (
    "income_check_valid_months", "case_clear_days", "case_silence_days", "gap_payment_days",
    "gap_medical_tier_days", "gap_medical_burden_yuan", "gap_student_tier_months",
    "gap_student_aid_months", "gap_confirmed_days", "gap_needs_days", "overlap_full_months",
    "certain_identity", "small_count_below",
)  # fmt: skip


class Settings(BaseSettings):
    """Settings of one installation; every field can be overridden on the command line."""

    model_config = SettingsConfigDict(env_prefix="JIUZHULIAN_", toml_file="settings.toml")

    landing: Path = Path("var/landing")
    home: Path = Path("var/home")
    policy: Path = SCHEMAS / "policies" / "rizhao"
    schemas: Path = SCHEMAS
    #: seconds a file without a ``.done`` mark must have been untouched before it is taken
    settle_seconds: int = 60
    #: DuckDB's memory limit; beyond it, it spills into HOME/restricted/tmp
    memory_limit: str = "2GB"
    threads: int | None = None
    #: what makes the large tables: ``duckdb``, or ``spark`` on the cluster that ``spark`` names
    engine: Literal["duckdb", "spark"] = "duckdb"
    #: the cluster; in the environment as JSON
    spark: Spark = Spark()
    #: a delivered file that unpacks into more than this, or into so many times its size, is refused
    max_unpacked_megabytes: int = 100_000
    max_workbook_megabytes: int = 2_000
    max_unpacked_ratio: int = 250
    #: cells that a sheet may lay out, empty ones between the first and the last included
    max_workbook_cells: int = 60_000_000
    #: places that get a file of their own, by the first 2, 4, 6 or 9 digits of their region codes;
    #: in the environment as JSON
    publish_places: tuple[str, ...] = ()
    #: publications that stay in published/history: the last one of each of so many nights
    keep_published_nights: int = Field(default=7, ge=1)
    #: days for which the lake keeps a night, to replay, compare and explain it; 0: for ever
    keep_nights_days: int = Field(default=800, ge=0)
    #: days for which Dagster's record of a run is kept; 0: for ever
    keep_run_records_days: int = Field(default=400, ge=0)
    #: the night whose unusual row counts somebody has looked at and accepts
    accept_row_counts: date | None = None
    #: keep Dagster's record of runs in HOME, for its user interface; without, a night is faster
    record_runs: bool = True
    #: counts of people by place below this many are left empty in what is published
    small_count_below: int = 5
    #: an economic check older than this many months no longer says a household's income
    income_check_valid_months: int = 18
    #: days without a rule firing after which an open case is cleared
    case_clear_days: int = 30
    #: days for which a rejected case stays silent unless its level rises
    case_silence_days: int = 90
    #: days without a payment after which a certificate that is paid monthly shows a gap
    gap_payment_days: int = 90
    #: days in a tier after which medical aid is missed
    gap_medical_tier_days: int = 60
    #: in-scope burden of 12 months, in yuan, above which medical aid is missed
    gap_medical_burden_yuan: int = 3000
    #: months in a tier after which a pupil's aid is missed, and months back within which it counts
    gap_student_tier_months: int = 6
    gap_student_aid_months: int = 15
    #: days after a visit confirmed a case within which new help should have come
    gap_confirmed_days: int = 75
    #: days after which each need of a case should have been answered
    gap_needs_days: int = 75
    #: full months under two certificates that make an overlap
    overlap_full_months: int = 2
    #: identity confidence from which a finding is called certain; below it is suspected
    certain_identity: float = 0.99
    #: exchange databases that are pulled each night, by name; in the environment as JSON
    databases: dict[str, Database] = {}
    #: SFTP servers from which new files are fetched each night, by name; in the environment as JSON
    remotes: dict[str, Remote] = {}
    #: the running service (`jiuzhulian serve`); in the environment as JSON
    service: Service = Service()
    #: who is told when a night fails; in the environment as JSON
    notify: Notify = Notify()

    @field_validator("databases", "remotes")
    @classmethod
    def _named(cls, places: dict[str, Any]) -> dict[str, Any]:
        for name in places:
            if not NAME.fullmatch(name):
                raise ValueError("a name is of small letters, digits and _, up to 40 of them")
        return places

    @field_validator("publish_places")
    @classmethod
    def _places(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if not PLACE.fullmatch(code):
                raise ValueError(
                    "a place is the first 2, 4, 6 or 9 digits of its region codes, without the "
                    "zeros of a level below: 3711 for a city, 371102 for a county"
                )
        if len(set(codes)) < len(codes):
            raise ValueError("a place stands twice")
        return codes

    @property
    def deciding(self) -> dict[str, float]:
        """The settings that decide what a night finds, by name; a replay takes those of then."""
        return {name: getattr(self, name) for name in DECIDING}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def read_settings(**given: Any) -> Settings:
    """Settings, with what was ``given`` on top; raises ConfigurationFault with every fault."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigurationFault(
            f"setting {'.'.join(map(str, fault['loc']))}: {fault['msg']}: mend it in "
            f"settings.toml or in the environment (JIUZHULIAN_…)"
            for fault in error.errors(include_input=False, include_url=False)
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationFault([f"settings.toml is not TOML: {error}"]) from None
