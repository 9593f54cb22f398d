"""Pairs that a model of Splink finds likely, found on the cluster.

Which rows are compared, and what becomes of a pair, does not belong here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.spark.dialect import spark_condition, view_name

if TYPE_CHECKING:
    from splink import Linker

    from pipelines.engine.spark.engine import SparkEngine

LEFT, RIGHT, SHARE = "compared.left", "compared.right", "compared.share_of_{}"


@dataclass(frozen=True)
class Comparison:
    """What is compared: statements and conditions are in DuckDB's dialect."""

    #: statements over tables of the lake: each row of the one side with each of the other
    left: str
    right: str
    #: for each column of which some values are commoner than others: a statement of its values,
    #: each once, and how common they are (``tf_<column>``)
    frequencies: Mapping[str, str]
    #: the columns of both sides
    columns: tuple[PromisedColumn, ...]
    #: of Splink
    settings: Mapping[str, Any]
    #: pairs less probable than this are left out
    threshold: float

    @property
    def statements(self) -> dict[str, str]:
        """By the names under which they are compared."""
        shares = {SHARE.format(column): sql for column, sql in self.frequencies.items()}
        return {LEFT: self.left, RIGHT: self.right, **shares}

    @property
    def kept(self) -> list[str]:
        """What is said of a pair: who it is, how each comparison turned out, the frequencies."""
        key, compared = self.settings["unique_id_column_name"], self.settings["comparisons"]
        gammas = [f"gamma_{one['output_column_name']}" for one in compared]
        shares = [f"tf_{column}_{side}" for column in self.frequencies for side in "lr"]
        return [f"{key}_l", f"{key}_r", "match_key", *gammas, *shares]


def write(engine: SparkEngine, asked: Comparison, folder: Path) -> dict[str, int]:
    """Write `Comparison.kept` of the likely pairs below a new folder; what it cost.

    The tables that `asked` reads are known to the engine.
    """
    with engine.without_values():
        for name, sql in asked.statements.items():
            engine.view(name, sql)
        try:
            found = _predicted(engine, asked)
            listed = ", ".join(asked.kept)
            return engine.write(f"SELECT {listed} FROM {found}", folder, {})
        finally:
            engine.session.catalog.clearCache()  # nothing else is kept in it


def spark_settings(settings: Mapping[str, Any], columns: tuple[PromisedColumn, ...]) -> Any:
    """Splink's settings with every condition in Spark's words."""
    typed = tuple((f"{c.name}_{side}", c.type) for c in columns for side in "lr")

    def level(given: Mapping[str, Any]) -> dict[str, Any]:
        condition = given["sql_condition"]
        said = condition if condition == "ELSE" else spark_condition(condition, typed)
        return {**given, "sql_condition": said}

    def rule(given: Mapping[str, Any]) -> dict[str, Any]:
        said = spark_condition(given["blocking_rule"])
        return {**given, "blocking_rule": said, "sql_dialect": "spark"}

    rules = "blocking_rules_to_generate_predictions"
    return {
        **settings,
        "comparisons": [
            {**one, "comparison_levels": [level(given) for given in one["comparison_levels"]]}
            for one in settings["comparisons"]
        ],
        rules: [rule(given) for given in settings[rules]],
        # Splink keeps levels only with the columns, frequencies only with the weights
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


def _predicted(engine: SparkEngine, asked: Comparison) -> str:
    """The view of the likely pairs; nothing is computed before it is read."""
    from splink import Linker, SettingsCreator  # seconds to import; only where it is needed

    logging.getLogger("splink").setLevel(logging.ERROR)
    api = _api(engine)
    left, right = (
        api.register(view_name(name), dataset_display_name=view_name(name))
        for name in (LEFT, RIGHT)
    )
    settings = SettingsCreator.from_path_or_dict(spark_settings(asked.settings, asked.columns))
    linker: Linker = Linker(right, settings, log_level=None, validate_settings=False)
    for column in asked.frequencies:
        share = api.register(view_name(SHARE.format(column)))
        linker.table_management.register_term_frequency_lookup(share, column)
    found = linker.inference.predict_between(
        left, right, threshold_match_probability=asked.threshold, warning_mode="never"
    )
    return str(found.physical_name)


def _api(engine: SparkEngine) -> Any:
    """Splink on the session. It keeps what it finds on the executors until it is read.

    Splink writes its statements anew by a class of its own below sqlglot's, which a compiled
    sqlglot refuses; what that class adds, the type of a literal, does not change a statement here.
    """
    from splink.backends.spark import SparkAPI

    class Api(SparkAPI):
        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return sqlglot.transpile(sql, read="spark", write="spark")[0]

    made: Any = Api
    return made(
        spark_session=engine.session, break_lineage_method="persist",
        register_udfs_automatically=False,
    )  # fmt: skip
