"""Splink alone on all mentions of a night, with settings as its documentation shows them.

    python -m benchmarks.rivals.splink_alone --home HOME

Comparisons, blocking, training and clustering are those of the documentation's de-duplication
example, put on the columns that mentions have; nothing is known of register keys, households or
judgements. The mentions are read from the night's lake, so no file is read: this is linkage only.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from typing import Any

import duckdb

from pipelines.lake.home import Home
from pipelines.lake.newest import newest_frame

COLUMNS = ("mention_key", "name", "birth_date", "sex", "id_number", "phone")
PREDICTED, CLUSTERED = 0.2, 0.95


def settings() -> Any:
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="mention_key",
        blocking_rules_to_generate_predictions=[
            block_on("id_number"),
            block_on("name", "birth_date"),
            block_on("phone", "birth_date"),
        ],
        comparisons=[
            cl.NameComparison("name").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth_date", input_is_string=False),
            cl.ExactMatch("sex"),
            cl.ExactMatch("id_number"),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        ],
    )


def run(home: Path, memory: str) -> dict[str, float]:
    """Seconds of loading, training, predicting and clustering, and how many of what."""
    from splink import Linker, block_on
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    took: dict[str, float] = {}
    started = time.monotonic()
    _, mentions = newest_frame(Home(home), "standard.mention")
    mentions = mentions.select(COLUMNS).unique("mention_key")
    con = duckdb.connect(
        config={"memory_limit": memory, "temp_directory": str(home / "restricted" / "tmp")}
    )
    con.register("given", mentions.to_arrow())
    con.execute("create table mention as select * from given")
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("mention"), settings(), log_level=None)
    took["load"] = time.monotonic() - started
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("id_number"), block_on("name", "birth_date")], recall=0.8
    )
    training.estimate_u_using_random_sampling(max_pairs=1e6)
    training.estimate_parameters_using_expectation_maximisation(block_on("id_number"))
    training.estimate_parameters_using_expectation_maximisation(block_on("name", "birth_date"))
    took["train"] = time.monotonic() - started - sum(took.values())
    pairs = linker.inference.predict(threshold_match_probability=PREDICTED)
    took["predict"] = time.monotonic() - started - sum(took.values())
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, CLUSTERED)
    counted = con.execute(
        f"select count(*), count(distinct cluster_id) from {clusters.physical_name}"
    ).fetchall()[0]
    took["cluster"] = time.monotonic() - started - sum(took.values())
    return {name: round(value, 2) for name, value in took.items()} | {
        "mentions": counted[0], "clusters": counted[1]
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--memory", default="2GB")
    given = parser.parse_args()
    print(json.dumps(run(given.home, given.memory)))


if __name__ == "__main__":
    main()
