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
    from pipelines.engine.spark.engine import SparkEngine

LEFT, RIGHT, SHARE = "compared.left", "compared.right", "compared.share_of_{}"
#: how Splink calls the pairs of which is known how they agree, and nothing yet of their weight
VECTORS = "__splink__df_comparison_vectors"
#: the engines' logarithms may differ in their last bits: whoever reads the pairs draws the line
SLACK = 1 - 1e-6


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
    #: pairs less probable than this are not wanted
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

    Each pair stands there once, and some that are just not likely enough. The tables that `asked`
    reads are known to the engine.
    """
    settings, listed = spark_settings(asked.settings, asked.columns), ", ".join(asked.kept)
    with engine.without_values():
        for name, sql in asked.statements.items():
            engine.view(name, sql)
        # an array stands between how a pair agrees and what it weighs: Spark would put the one into
        # the condition on the other wherever it is named, and compute it some ten times for a pair
        agreeing = (
            f"SELECT inline(array(struct({listed}))) FROM {_candidates(engine, asked, settings)}"
        )
        _view(engine, VECTORS, agreeing)
        steps = weighing(settings, "spark", asked.threshold * SLACK)
        for name, sql in steps.items():
            _view(engine, name, sqlglot.transpile(sql, read="spark", write="spark")[0])
        return engine.write(f"SELECT {listed} FROM {[*steps][-1]}", folder, {})


def weighing(settings: Mapping[str, Any], dialect: str, threshold: float) -> dict[str, str]:
    """Splink's statements that weigh the pairs in `VECTORS`, by the names under which each reads
    the one before; the last gives `Comparison.kept`, ``match_weight`` and ``match_probability`` of
    pairs at least as probable as the threshold."""
    from splink import SettingsCreator  # seconds to import; only where it is needed
    from splink.internals.dialects import SplinkDialect
    from splink.internals.predict import predict_from_comparison_vectors_sqls

    made = SettingsCreator.from_path_or_dict(dict(settings)).get_settings(dialect)
    steps = predict_from_comparison_vectors_sqls(
        unique_id_input_columns=made.column_info_settings.unique_id_input_columns,
        core_model_settings=made.core_model_settings,
        sql_dialect=SplinkDialect.from_string(dialect),
        threshold_match_probability=threshold,
        retain_intermediate_calculation_columns=True,
        training_mode=True,  # which says how each comparison turned out without its columns
    )
    return {str(step["output_table_name"]): str(step["sql"]) for step in steps}


def _view(engine: SparkEngine, name: str, sql: str) -> None:
    engine.session.sql(sql).createOrReplaceTempView(name)


def spark_settings(
    settings: Mapping[str, Any], columns: tuple[PromisedColumn, ...]
) -> dict[str, Any]:
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
        # with them Splink gives levels and frequencies; what is not read is not computed
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


def _candidates(engine: SparkEngine, asked: Comparison, settings: Mapping[str, Any]) -> str:
    """The view of all pairs that a blocking rule brings together; nothing is computed yet."""
    from splink import Linker, SettingsCreator  # seconds to import; only where it is needed

    logging.getLogger("splink").setLevel(logging.ERROR)
    api = _api(engine)
    left, right = (
        api.register(view_name(name), dataset_display_name=view_name(name))
        for name in (LEFT, RIGHT)
    )
    creator = SettingsCreator.from_path_or_dict(dict(settings))
    linker = Linker(right, creator, log_level=None, validate_settings=False)
    for column in asked.frequencies:
        share = api.register(view_name(SHARE.format(column)))
        linker.table_management.register_term_frequency_lookup(share, column)
    found = linker.inference.predict_between(left, right, warning_mode="never")
    return str(found.physical_name)


def _api(engine: SparkEngine) -> Any:
    """Splink on the session, which makes one statement of all its steps.

    Each of its tables is read once, so none is written or kept in between, and adaptive execution
    sizes what flows from one step to the next. Splink writes its SQL anew by a class of its own
    below sqlglot's, which a compiled sqlglot refuses; what that class adds, the type of literals,
    does not change a statement here.
    """
    from splink.backends.spark import SparkAPI

    class Api(SparkAPI):
        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return sqlglot.transpile(sql, read="spark", write="spark")[0]

        def _break_lineage_and_repartition(self, frame: Any, *_names: str) -> Any:
            return frame

    made: Any = Api
    return made(
        spark_session=engine.session, break_lineage_method="persist",
        register_udfs_automatically=False,
    )  # fmt: skip
