"""Where DuckDB and Spark mean something else by a word, a statement says the same on both."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.duck import DuckEngine
from pipelines.engine.spark.dialect import spark_condition, spark_sql
from pipelines.engine.spark.engine import SparkEngine
from pipelines.engine.spark.session import configuration
from pipelines.engine.sql import parameters
from pipelines.errors import EngineFault
from pipelines.spark_settings import Spark
from tests.engine.quiet import QUIET

THINGS = "(VALUES {rows}) AS thing (g, x, y)"
#: what a statement is asked of, and the statement; `thing` has columns g, x, y
SAME = {
    "a list keeps NULLs": ("(1, 'b', 1), (1, NULL, 2)", "SELECT list_sort(list(x)) FROM thing"),
    "a list of nothing is NULL": ("(1, 'b', 1)", "SELECT list(x) FROM thing WHERE y > 1"),
    "a filtered list of nothing is NULL": (
        "(1, 'b', 1), (2, NULL, 1)",
        "SELECT g, list_sort(list(DISTINCT x) FILTER (WHERE x IS NOT NULL)) FROM thing GROUP BY g",
    ),
    "a list of distinct values": (
        "(1, 'b', 1), (1, 'b', 2), (1, 'a', 3), (1, NULL, 4), (1, NULL, 5)",
        "SELECT list_sort(list(DISTINCT x)) FROM thing",
    ),
    "a list has a length, and NULL has none": (
        "(1, 'b', 1), (1, NULL, 2)",
        "SELECT array_length(list(x)), array_length(list(x) FILTER (WHERE y > 5)) FROM thing",
    ),
    "a list of structs in order": (
        "(1, 'b', 2), (1, 'a', 1)",
        "SELECT list_sort(list({'y': y, 'x': x})) FROM thing",
    ),
    "arg_max passes over NULL": (
        "(1, NULL, 9), (1, 'a', 1)", "SELECT arg_max(x, y), arg_min(x, -y) FROM thing"
    ),
    "arg_max with a filter": (
        "(1, NULL, 9), (1, 'a', 1), (1, 'c', 5)",
        "SELECT arg_max(x, y) FILTER (WHERE y < 9) FROM thing",
    ),
    "decimals are divided as doubles": (
        "(1, '', 10.00), (2, '', 0.07)", "SELECT g, y / 3.00, 1 / g FROM thing"
    ),
    "doubles are rounded as they are held": (
        "(1, '', 1.005), (2, '', 2.675), (3, '', -1.005), (4, '', 0.125)",
        "SELECT g, round(CAST(y AS DOUBLE), 2), round(y, 2), round(y) FROM thing",
    ),
    "not in a list that holds NULL": (
        "(1, 'a', 1), (2, NULL, 1)",
        "SELECT g, list_contains(['b', NULL], x), list_contains(['a'], x) FROM thing",
    ),
    "texts are compared by their bytes": (
        "(1, '李', 1), (2, 'Z', 1), (3, 'a', 1), (4, '𠀀', 1), (5, 'é', 1), (6, '', 1)",
        "SELECT g, row_number() OVER (ORDER BY x) AS place, max(x) OVER () FROM thing",
    ),
    "NULL stands last, either way": (
        "(1, 'a', 1), (2, NULL, 1), (3, 'b', 1)",
        "SELECT g, row_number() OVER (ORDER BY x), row_number() OVER (ORDER BY x DESC) FROM thing",
    ),
    "texts joined with NULL": (
        "(1, 'a', 1), (2, NULL, 1)",
        "SELECT g, 'x' || x, concat('x', x), array_to_string(['a', x], ',') FROM thing",
    ),
    "parts and ends of a text": (
        "(1, '石臼街道', 1)",
        "SELECT substr(x, 2), substr(x, -2), length(x), lpad(x, 6, '0'), split_part(x, '街', 3), "
        "regexp_replace(x, '(街道|镇)$', ''), contains(x, '臼'), "
        "trim(' 　a '), ltrim(' 　a '), rtrim('a　 ') FROM thing",
    ),
    "days, months and their differences": (
        "(1, '', 1)",
        "SELECT date_diff('month', DATE '2026-01-31', DATE '2026-03-01'), "
        "date_diff('year', DATE '2025-12-31', DATE '2026-01-01'), "
        "date_diff('day', DATE '2026-02-27', DATE '2026-03-01'), "
        "CAST(DATE '2026-03-31' - INTERVAL 1 MONTH AS DATE), "
        "CAST(date_trunc('month', DATE '2026-03-31') AS DATE), "
        "strftime(DATE '2026-03-01', '%Y-%m'), extract(year FROM DATE '2026-03-01') FROM thing",
    ),
    "numbers as texts": (
        "(1, '', 1234.50), (2, '', 0.10), (3, '', -3.00)",
        "SELECT g, CAST(y AS VARCHAR), CAST(g AS VARCHAR), CAST(y > 0 AS VARCHAR), "
        "CAST(CAST(y AS DOUBLE) AS DECIMAL(12,1)) FROM thing",
    ),
    "inner names hide outer ones": (
        "(1, '', 1)",
        "WITH m AS (SELECT g AS v FROM thing), "
        "q AS (WITH m AS (SELECT v + 1 AS v FROM m), n AS (SELECT v + 1 AS v FROM m) "
        "SELECT m.v AS one, n.v AS two FROM m, n) SELECT q.one, q.two, m.v FROM q, m",
    ),
    "distinct rows counted, least and greatest": (
        "(1, 'a', 1), (1, 'a', 2), (1, NULL, 3)",
        "SELECT count(DISTINCT x), count(*) FILTER (WHERE y > 1), least(1, NULL), "
        "greatest(max(y), NULL), bool_or(x = 'a'), sum(y) FROM thing",
    ),
    "one row of each, by a window": (
        "(1, 'a', 1), (1, 'b', 2), (2, 'c', 3)",
        "SELECT g, x FROM thing QUALIFY row_number() OVER (PARTITION BY g ORDER BY y DESC) = 1",
    ),
    "rows with and without a partner": (
        "(1, 'a', 1), (2, 'b', 2)",
        "SELECT 'semi', g FROM thing SEMI JOIN (SELECT 1 AS g) AS o USING (g) UNION ALL "
        "SELECT 'anti', g FROM thing ANTI JOIN (SELECT 1 AS g) AS o USING (g)",
    ),
    "lists taken apart": (
        "(1, 'a', 1)",
        "SELECT g, part.v FROM thing CROSS JOIN unnest(['p', x, NULL]) AS part (v)",
    ),
    "lists that meet, with NULLs and with nothing in them": (
        "(1, ['a', NULL], ['b', NULL]), (2, ['a', NULL], ['a']), (3, [NULL], [NULL]), "
        "(4, [], ['a']), (5, NULL, ['a']), (6, ['a'], NULL), (7, ['a', 'b'], ['c', 'b'])",
        "SELECT g, list_has_any(x, y), NOT list_has_any(x, y), x && y, array_has_any(y, x), "
        "coalesce(list_has_any(x, y), true) FROM thing",
    ),
    "bytes that differ": (
        "(1, '20010203', '20010208'), (2, '张三', '李三'), (3, '张', 'abc'), (4, NULL, 'a'), "
        "(5, 'a', NULL), (6, 'é', 'ab'), (7, '𠀀', '𠀁')",
        "SELECT g, hamming(x, y), hamming(x, y) = 1 FROM thing",
    ),
    "distances count bytes": (
        "(1, '990102199001011234', '990102199001011243'), (2, 'ca', 'abc'), (3, '', 'abc'), "
        "(4, '高霞勇', '高霞平'), (5, '高霞', '霞高'), (6, NULL, 'a'), (7, 'a', NULL), "
        "(8, '', ''), (9, 'a cat', 'an act'), (10, '阿依古丽', '阿依'), (11, 'abcdef', 'bacdfe')",
        "SELECT g, damerau_levenshtein(x, y), damerau_levenshtein(y, x) <= 1, "
        "levenshtein(x, y) FROM thing",
    ),
    "a pattern's backslash is one": (
        r"(1, 'a\b', 'a\b%'), (2, 'a%', 'a\%'), (3, 'ab', '_b'), (4, NULL, '%'), (5, 'a\bc', NULL)",
        r"SELECT g, x LIKE 'a\b%', x LIKE '%\%', x LIKE y, x NOT LIKE 'a\b', x ILIKE 'A\B' "
        "FROM thing",
    ),
    "digests": ("(1, '姓名', 1)", "SELECT sha256(x), md5(x) FROM thing"),
}  # fmt: skip


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    engine = SparkEngine(QUIET, tmp_path_factory.mktemp("spark"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    engine = DuckEngine(tmp_path_factory.mktemp("duck"))
    yield engine
    engine.close()


def _rows(engine: DuckEngine, sql: str) -> list[tuple[Any, ...]]:
    return sorted(engine.run(sql), key=repr)


@pytest.mark.spark
@pytest.mark.parametrize("name", SAME)
def test_the_same_answer(name: str, duck: DuckEngine, spark: SparkEngine, tmp_path: Path) -> None:
    given, sql = SAME[name]
    sql = sql.replace("FROM thing", f"FROM (SELECT * FROM {THINGS.format(rows=given)}) AS thing")
    columns = [f'"{n}"' for n, _ in duck.described(sql)]
    named = [f"c{place}" for place in range(len(columns))]
    sql = f"SELECT * FROM ({sql}) AS made ({', '.join(named)})"
    spark.write(sql, tmp_path / "made", {})
    made = f"SELECT {', '.join(named)} FROM read_parquet('{tmp_path}/made/*.parquet')"
    assert _rows(duck, made) == _rows(duck, sql)


#: what a pair of rows is asked; of its columns `PAIR` says the types
CONDITIONS = (
    "len(l) = 0 OR len(r) = 0", "len(l)", "len(t)", "len(coalesce(u, t))", "length(u)",
    "NOT list_has_any(l, r)", "list_has_any(d, d)", "len(d) > 0", "hamming(t, u) = 1",
    "damerau_levenshtein(coalesce(t, u), coalesce(u, t)) <= 1",
    "substr(t, 1, 1) = substr(u, 1, 1) AND (t LIKE '%0' OR u LIKE '%0')",
    "abs(cast(substr(t, 1, 2) AS integer) - cast(substr(u, 1, 2) AS integer)) <= 1",
)  # fmt: skip
PAIR = {"g": "INTEGER", "l": "VARCHAR[]", "r": "VARCHAR[]", "d": "DATE[]", "t": "VARCHAR",
        "u": "VARCHAR"}  # fmt: skip
PAIRS = """
    (1, ['a'], ['a', NULL], [DATE '2001-02-03'], '1990', '1991'),
    (2, [], ['a'], [], '1990', '2090'), (3, NULL, [], NULL, NULL, '1990'),
    (4, [NULL], [NULL], [NULL], '1234', '1243'), (5, ['a'], NULL, [NULL], '4321', NULL),
    (6, ['a', 'a'], ['b'], [DATE '2001-02-03', NULL], NULL, NULL)
"""


@pytest.mark.spark
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_on_typed_columns_has_the_same_answer(
    condition: str, duck: DuckEngine, spark: SparkEngine, tmp_path: Path
) -> None:
    """A `len` is of a text or of a list."""
    cast = ", ".join(f"CAST({name} AS {type_}) AS {name}" for name, type_ in PAIR.items())
    rows = f"SELECT {cast} FROM (VALUES {PAIRS}) AS pair ({', '.join(PAIR)})"
    duck.copy(rows, tmp_path / "pair.parquet")
    columns = [PromisedColumn(name, type_) for name, type_ in PAIR.items()]
    spark.view_parquet("demo.pair", [tmp_path / "pair.parquet"], columns)
    said = spark_condition(condition, tuple(PAIR.items()))
    asked = spark.session.sql(f"SELECT g, {said} AS held FROM demo__pair")
    wanted = _rows(duck, f"SELECT g, {condition} AS held FROM ({rows}) AS pair")
    assert sorted((tuple(row) for row in asked.collect()), key=repr) == wanted
    assert len({held for _, held in wanted}) > 1


@pytest.mark.spark
def test_hamming_of_unequal_lengths_fails_on_both(
    duck: DuckEngine, spark: SparkEngine, tmp_path: Path
) -> None:
    for number, (one, other) in enumerate((("ab", "张"), ("ab", "a"), ("", ""))):
        sql = f"SELECT hamming(x, y) AS h FROM (VALUES ('{one}', '{other}')) AS thing (x, y)"
        with pytest.raises(EngineFault, match="InvalidInput"):
            duck.run(sql)
        with pytest.raises(EngineFault, match="USER_RAISED_EXCEPTION"):
            spark.write(sql, tmp_path / f"made-{number}", {})


@pytest.mark.spark
def test_distances_of_the_jar_are_duckdbs(
    duck: DuckEngine, spark: SparkEngine, tmp_path: Path
) -> None:
    """Over many pairs: transpositions with something between them tell the variants apart."""
    rng = random.Random(1)
    pairs = []
    for _ in range(5000):
        letters = rng.choice(["ab", "abc", "0123456789X", "张李ab"])
        one = [rng.choice(letters) for _ in range(rng.randint(0, 7))]
        other = [rng.choice(letters) for _ in range(rng.randint(0, 7))]
        if rng.random() < 0.7:
            other = one[:]
            for _ in range(rng.randint(0, 3)):
                place = rng.randrange(len(other) + 1)
                other[place : place + 2] = rng.choice(
                    [
                        other[place : place + 2][::-1],
                        other[place : place + 1],
                        [rng.choice(letters)],
                    ]
                )
        pairs.append(("".join(one), "".join(other)))
    pl.DataFrame(pairs, ["x", "y"], orient="row").write_parquet(tmp_path / "pair.parquet")
    columns = [PromisedColumn("x", "VARCHAR"), PromisedColumn("y", "VARCHAR")]
    spark.view_parquet("demo.text", [tmp_path / "pair.parquet"], columns)
    sql = "SELECT x, y, damerau_levenshtein(x, y) AS far FROM {} AS text"
    spark.write(sql.format("demo.text"), tmp_path / "made", {})
    made = f"SELECT x, y, far FROM read_parquet('{tmp_path}/made/*.parquet')"
    wanted = _rows(duck, sql.format(f"read_parquet('{tmp_path}/pair.parquet')"))
    assert _rows(duck, made) == wanted
    assert {far for _, _, far in wanted} >= {0, 1, 2, 3}


def test_a_pattern_with_an_escape_of_its_own_is_refused() -> None:
    with pytest.raises(EngineFault, match="regular expression"):
        spark_sql("SELECT x LIKE 'a!%' ESCAPE '!' FROM a.t")


def test_what_would_lose_its_order_is_refused() -> None:
    with pytest.raises(EngineFault, match="list_sort"):
        spark_sql("SELECT list(x ORDER BY y) FROM a.t")


def test_tables_are_views_and_values_stay_bound() -> None:
    said = spark_sql("SELECT thing.x FROM demo.thing WHERE thing.day = $as_of")
    assert said == "SELECT thing.x FROM demo__thing AS thing WHERE thing.day = :as_of"


@pytest.mark.spark
def test_values_are_bound_with_their_types(spark: SparkEngine, tmp_path: Path) -> None:
    sql = "SELECT $day AS d, list_contains($words, 'b') AS w, list_contains($none, 'b') AS n"
    assert parameters(sql) == {"day", "words", "none"}
    values = {"day": date(2026, 11, 20), "words": ["a", "b"], "none": []}
    spark.write(sql, tmp_path / "made", values)
    (made,) = spark.session.read.parquet(str(tmp_path / "made")).collect()
    assert tuple(made) == (date(2026, 11, 20), True, False)


@pytest.mark.spark
def test_files_that_lack_a_column_read_as_promised(
    duck: DuckEngine, spark: SparkEngine, tmp_path: Path
) -> None:
    duck.copy("SELECT 1.50::DECIMAL(12,2) AS amount, TIMESTAMP '2026-11-20 23:30:00' AS at_",
              tmp_path / "a.parquet")  # fmt: skip
    columns = [PromisedColumn("at_", "TIMESTAMP"), PromisedColumn("amount", "DECIMAL(12,2)"),
               PromisedColumn("later", "VARCHAR[]")]  # fmt: skip
    spark.view_parquet("demo.thing", [tmp_path / "a.parquet"], columns)
    cost = spark.write("SELECT at_, amount, later FROM demo.thing", tmp_path / "made", {})
    files = f"read_parquet('{tmp_path}/made/*.parquet')"
    assert duck.described(f"SELECT * FROM {files}") == [
        ("at_", "TIMESTAMP"), ("amount", "DECIMAL(12,2)"), ("later", "VARCHAR[]"),
    ]  # fmt: skip
    assert [str(v) for v in duck.run(f"SELECT * FROM {files}")[0]] == [
        "2026-11-20 23:30:00", "1.50", "None",
    ]  # fmt: skip
    assert cost["stages"] >= 1 and cost["tasks"] >= 1 and cost["output_bytes"] > 0


@pytest.mark.spark
def test_an_error_never_carries_a_value(
    spark: SparkEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    with pytest.raises(EngineFault) as caught:
        sql = "SELECT CAST(x || '的号码' AS DATE) AS d FROM (VALUES ('张三'), ('李四')) AS t (x)"
        spark.write(sql, tmp_path / "made", {})
    said = capfd.readouterr()
    assert "CAST_INVALID_INPUT" in str(caught.value)
    for text in (str(caught.value), said.out, said.err):
        assert "张三" not in text and "的号码" not in text
    assert caught.value.__cause__ is None


@pytest.mark.spark
def test_what_a_site_writes_wins_and_nothing_is_logged_or_served(tmp_path: Path) -> None:
    said = configuration(Spark(conf={"spark.sql.shuffle.partitions": "7"}), tmp_path)
    assert said["spark.sql.shuffle.partitions"] == "7"
    assert (said["spark.log.level"], said["spark.ui.enabled"]) == ("OFF", "false")


@pytest.mark.spark
def test_the_jars_of_a_site_come_beside_splinks(tmp_path: Path) -> None:
    alone = configuration(Spark(), tmp_path)["spark.jars"]
    assert Path(alone).is_file()
    assert configuration(Spark(conf={"spark.jars": "/a.jar,/b.jar"}), tmp_path)["spark.jars"] == (
        f"{alone},/a.jar,/b.jar"
    )
