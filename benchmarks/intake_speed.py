"""A big file of settlements through the real intake, beside DuckDB's own CSV → Parquet.

    python -m benchmarks.intake_speed --rows 5000000

Makes one file as GB18030 (what a department sends) and the same text as UTF-8 (what DuckDB can
read), then measures two processes: landing, with receipts, repairs, quarantine and the search for
keys that stand twice, against ``COPY (SELECT … read_csv) TO parquet``, all columns text. Speeds are
compared by processor seconds and by the clock. A hundredth of the rows is dirty in some way.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measure import machine, measure

DATASET = ("medical_insurance", "settlement")
PART = 100_000
AS_OF = date(2026, 11, 20)
#: header → what is written below it; money columns add up as settlements do
MONEY = (
    "全自费金额", "超限价自费费用", "先行自付金额", "符合范围金额", "实际支付起付线",
    "统筹基金支出", "公务员医疗补助", "大病保险支出", "医疗救助支出", "其他基金支付",
)  # fmt: skip
HOSPITALS = ("市人民医院", "市中医医院", "岚山区人民医院", "五莲县人民医院", "莒县中心卫生院")
DISEASES = ("高血压", "糖尿病并发症", "恶性肿瘤放化疗", "尿毒症透析", "急性上呼吸道感染")
SURNAMES, GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚",
)


def settlements(first: int, rows: int, seed: int = 1) -> pl.DataFrame:
    """``rows`` settlements from number ``first`` on, as texts under the headers of a file."""
    draw = np.random.default_rng([seed, first])
    number = np.arange(first, first + rows)
    cents = {name: draw.integers(0, 200_000, rows) for name in MONEY}
    fund = sum(cents[name] for name in MONEY[5:])
    cost = fund + draw.integers(0, 300_000, rows)
    day = date(2025, 11, 1)
    person = draw.integers(0, 1_000_000, rows)
    letters = (pl.Series(list(SURNAMES)), pl.Series(list(GIVEN)))
    name = letters[0].gather(person % 20) + letters[1].gather(person // 20 % 20)
    money = {name: pl.Series(value) for name, value in cents.items()}
    money |= {"基金支付总额": pl.Series(fund), "医疗费总额": pl.Series(cost),
              "个人负担总金额": pl.Series(cost - fund), "个人账户支付": pl.Series(number * 0),
              "个人现金支付": pl.Series(cost - fund)}  # fmt: skip
    begun = pl.select(
        pl.lit(day) + pl.duration(days=pl.lit(pl.Series(draw.integers(0, 360, rows))))
    )
    begin = begun.to_series().cast(pl.Date)
    frame = pl.DataFrame(
        {
            "结算ID": pl.Series(number).cast(pl.String).str.zfill(30),
            "就诊ID": pl.Series(number // 2).cast(pl.String).str.zfill(20),
            "人员编号": pl.Series(person).cast(pl.String).str.zfill(22),
            "证件号码": "110101" + (pl.Series(1940 + person % 70).cast(pl.String) + "0101")
            + pl.Series(person % 1000).cast(pl.String).str.zfill(3) + "X",
            "姓名": name,
            "性别": pl.Series(1 + person % 2).cast(pl.String),
            "出生日期": pl.Series(1940 + person % 70).cast(pl.String) + "-01-01",
            "险种类型": pl.Series(["390", "310"]).gather(person % 2),
            "参保地": pl.Series(["371102", "371103", "371121"]).gather(person % 3),
            "医疗类别": pl.Series(["11", "21", "140104", "41"]).gather(number % 4),
            "开始日期": begin.dt.strftime("%Y-%m-%d"),
            "结束日期": begin.dt.strftime("%Y-%m-%d"),
            "结算时间": begin.dt.strftime("%Y-%m-%d") + " 10:20:30",
            "退费标志": pl.Series(["0"]).gather(number * 0),
            "定点医药机构名称": pl.Series(list(HOSPITALS)).gather(number % 5),
            "病种名称": pl.Series(list(DISEASES)).gather(draw.integers(0, 5, rows)),
            **{name: (value.cast(pl.Decimal(14, 2)) / 100).cast(pl.Decimal(12, 2)).cast(pl.String)
               for name, value in money.items()},
        }
    )  # fmt: skip
    return _dirty(frame, pl.Series(draw.integers(0, 400, rows)))


def _dirty(frame: pl.DataFrame, dice: pl.Series) -> pl.DataFrame:
    """One row in a hundred written as people and spreadsheets write."""
    roll = pl.lit(dice)
    return frame.with_columns(
        pl.when(roll == 0).then(pl.col("证件号码").str.to_lowercase() + " ")
        .otherwise(pl.col("证件号码")).alias("证件号码"),
        pl.when(roll == 1).then(pl.col("结算时间").str.slice(0, 10).str.replace_all("-", "/"))
        .otherwise(pl.col("结算时间")).alias("结算时间"),
        pl.when(roll == 2).then("￥" + pl.col("医疗费总额"))
        .otherwise(pl.col("医疗费总额")).alias("医疗费总额"),
        pl.when(roll == 3).then(pl.lit("男")).otherwise(pl.col("性别")).alias("性别"),
    )  # fmt: skip


def write_files(landing: Path, utf8: Path, rows: int) -> Path:
    """The file in GB18030 below ``landing`` and the same in UTF-8; returns the former."""
    target = landing.joinpath(*DATASET) / "settlement_20261119.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as sent, utf8.open("wb") as plain:
        for first in range(0, rows, PART):
            part = settlements(first, min(PART, rows - first))
            text = part.write_csv(include_header=first == 0, quote_style="never")
            plain.write(text.encode())
            sent.write(text.encode("gb18030"))
    old = time.time() - 3600
    os.utime(target, (old, old))
    return target


def land_here(landing: Path, home: Path) -> None:
    """Land everything, as a night does."""
    from pipelines.contracts.load import load_codes, load_contracts
    from pipelines.intake.land import land
    from pipelines.lake.home import Home

    made = Home(home).create()
    summary = land(made, landing, load_contracts(), load_codes(), AS_OF, "speed", 60, "1GB", print)
    print(json.dumps({"rows_landed": summary.rows_landed, "files": summary.count("landed")}))


def copy_here(utf8: Path, target: Path) -> None:
    """DuckDB's own way, with the memory that a night gives it."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(target.parent)})
    con.execute("SET preserve_insertion_order = true")
    con.execute(
        f"COPY (SELECT * FROM read_csv('{utf8}', header = true, all_varchar = true)) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )


def compare(rows: int, work: Path) -> dict[str, object]:
    """Make the files, run both once, and say how they compare."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    landing, home, utf8 = work / "landing", work / "home", work / "settlement.csv"
    sent = write_files(landing, utf8, rows)
    log = str(work / "log.txt")
    this = [sys.executable, "-m", "benchmarks.intake_speed"]
    copied = measure([*this, "--copy", str(utf8), str(work / "duckdb.parquet")], log)
    landed = measure([*this, "--land", str(landing), str(home)], log)
    for one in (copied, landed):
        if one.exit_code:
            raise SystemExit(f"{one.command} ended with {one.exit_code}; see {log}")
    said = json.loads(Path(log).read_text(encoding="utf-8").splitlines()[-1])
    return {
        "rows": rows,
        "rows_landed": said["rows_landed"],
        "megabytes": {"gb18030": sent.stat().st_size >> 20, "utf8": utf8.stat().st_size >> 20},
        "land": landed.as_dict(),
        "duckdb_copy": copied.as_dict(),
        "speed_by_clock": _share(copied.wall_seconds, landed.wall_seconds),
        "speed_by_processor": _share(copied.cpu_seconds, landed.cpu_seconds),
        "machine": machine(),
    }


def _share(theirs: float, ours: float) -> float:
    """Our speed as a share of theirs."""
    return round(theirs / max(ours, 0.01), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--work", type=Path, default=Path("var/bench/intake"))
    parser.add_argument("--land", nargs=2, type=Path, metavar=("LANDING", "HOME"))
    parser.add_argument("--copy", nargs=2, type=Path, metavar=("CSV", "PARQUET"))
    given = parser.parse_args()
    if given.land:
        land_here(*given.land)
    elif given.copy:
        copy_here(*given.copy)
    else:
        result = compare(given.rows, given.work)
        (given.work / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
        print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
