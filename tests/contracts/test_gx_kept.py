"""Working things out once for Great Expectations changes none of its results."""

from __future__ import annotations

from contextlib import nullcontext

import duckdb
import pytest

from pipelines.contracts import gx_kept, gx_run
from pipelines.contracts.gx_run import Expected, Suite, run_suites

SUITES = [
    Suite(
        name,
        f"SELECT i AS id, nullif(i % {every}, 0) AS a, CAST(i % 3 AS VARCHAR) AS b "
        "FROM range(60) AS t (i)",
        (
            Expected("id filled", "filled", ("id",)),
            Expected("a filled", "filled", ("a",)),
            Expected("a mostly", "filled", ("a",), mostly=0.5),
            Expected("id unique", "unique", ("id",)),
            Expected("b unique", "unique", ("b",)),
            Expected("together", "unique_together", ("a", "b")),
            Expected("b known", "in_set", ("b",), ("0", "1")),
            Expected("a between", "between", ("a",), (0, 4)),
            Expected("rows", "row_count", (), (1, 40)),
            Expected("sum", "condition", ("id",), sql="id + a > 10"),
            Expected("lost", "filled", ("no_such_column",)),
        ),
    )
    for name, every in (("five", 5), ("sixty", 60))
]  # fmt: skip


def test_results_are_those_of_great_expectations_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = run_suites(duckdb.connect(), SUITES)
    monkeypatch.setattr(gx_kept, "worked_out_once", nullcontext)
    monkeypatch.setattr(gx_kept, "without_store", lambda context: context)
    alone = run_suites(duckdb.connect(), SUITES)
    assert kept == alone
    assert {result.success for result in kept} == {True, False}
    assert [result.name for result in kept if result.errored] == ["lost", "lost"]


def test_a_batch_that_is_held_is_judged_like_one_that_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where one of its conditions cannot be evaluated: it takes no other along."""
    fails = Expected("number", "condition", ("b",), sql="CAST('x' || b AS INTEGER) > 0")
    suites = [*SUITES, Suite("fails", SUITES[0].sql, (*SUITES[0].expected, fails))]
    con = duckdb.connect()
    held = run_suites(con, suites)
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
    monkeypatch.setattr(gx_run, "HELD_ROWS", 59)
    assert held == run_suites(duckdb.connect(), suites)
    assert [r.name for r in held if r.suite == "fails" and r.errored] == ["lost", "number"]


def test_great_expectations_is_left_as_it_was() -> None:
    from great_expectations.core import id_dict
    from great_expectations.expectations.expectation import Expectation

    def held() -> tuple[object, object]:
        return Expectation.configuration, vars(id_dict)["convert_to_json_serializable"]

    before = held()
    with pytest.raises(ZeroDivisionError), gx_kept.worked_out_once():
        assert held() != before
        raise ZeroDivisionError
    assert held() == before
    assert gx_run.run_suites(duckdb.connect(), SUITES[:1])
    assert held() == before
