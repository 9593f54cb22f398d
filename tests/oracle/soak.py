"""The oracle on a city of any size: three nights, a changing policy, visits, every pack, all help.

python -m tests.oracle.soak --people 20000 --work DIR

Ends with 1 where pipeline and oracle differ; what was set aside because identity is uncertain is
counted, and every difference is listed (ids of the invented city).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.logs import show
from tests.oracle.compare import Agreement, Tally
from tests.oracle.help_compare import planted
from tests.oracle.identity import Published, read_table
from tests.oracle.nights import PACKS, Nights, city_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--work", type=Path, default=Path("var/oracle"))
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    return soak(given.work.resolve(), given.people, given.seed)


def soak(work: Path, people: int, seed: int) -> int:
    """Make the city, run its nights, compare; how many differences there are, at most 1."""
    started = time.process_time()
    nights = city_of(work, people, seed)
    visited = 0
    for number, night in enumerate(nights.nights):
        nights.run(night)
        show(f"night of {night} ran ({time.process_time() - started:.0f} s of processor time)")
        if number == 0:
            visited = nights.answer(night, nights.nights[1], limit=max(24, people // 100))
    result: dict[str, Any] = {
        "people": people,
        "seed": seed,
        "visited_cases": visited,
        "nights": {},
    }
    differences = 0
    others = sorted(p.name for p in PACKS.iterdir() if p.is_dir() and p.name != "rizhao")
    for night in nights.nights:
        said = nights.published(night)
        of = nights.facts(night, said)
        found = {"rizhao": nights.agreement(night, of)}
        what = planted_help(nights, night, found["rizhao"])
        for pack in others:
            found[pack] = nights.agreement_elsewhere(night, pack, of)
        result["nights"][str(night)] = told = {pack: figures(a) for pack, a in found.items()}
        told["rizhao"]["help"] = {n: t.agreed for n, t in found["rizhao"].help.items()}
        differences += sum(told[pack]["differences"] for pack in told)
        differences += len(what["missed"]) + len(what["false"])
        result["nights"][str(night)]["planted help"] = what
        result["nights"][str(night)]["what happened"] = happened(nights, night, said)
        report(night, found)
        show(f"{night} planted help: {what}")
        (work / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    show(f"{differences} differences; {time.process_time() - started:.0f} s of processor time; "
         f"figures in {work / 'result.json'}")  # fmt: skip
    return min(differences, 1)


def planted_help(nights: Nights, night: date, said: Agreement) -> dict[str, Any]:
    """Planted people of certain identity found and left alone, and the share of each finding."""
    monitoring = nights.kept[night.isoformat()][0]
    what = planted(nights.city, monitoring, said.people_certain, said.pupils_without_aid)
    shares = {
        row["finding"]: [row["found"], row["certain"], row["looked_at"]]
        for row in read_table(monitoring, "assistance.finding_share")
    }
    return {
        "found": what.found, "left_alone": what.left_alone, "missed": what.missed,
        "false": what.false, "found, certain, looked at": shares,
    }  # fmt: skip


def lines(found: Agreement) -> dict[str, Tally]:
    """Everything compared, by name."""
    return {
        **{f"help {name}": tally for name, tally in found.help.items()},
        "households": found.households, "tier history": found.history,
        **{f"tier {name}": tally for name, tally in found.tiers.items()},
        **{f"rule {name}": tally for name, tally in found.alerts.items()},
        **{f"near miss {name}": tally for name, tally in found.near_misses.items()},
        **{f"indicator {name}": tally for name, tally in found.indicators.items()},
    }  # fmt: skip


def figures(found: Agreement) -> dict[str, Any]:
    every = lines(found)
    return {
        "people": found.people,
        "set_aside": len(found.set_aside),
        "households_compared": found.certain_households,
        "tiers": sum(t.agreed for t in found.tiers.values()),
        "alerts": sum(t.agreed for t in found.alerts.values()),
        "near_misses": sum(t.agreed for t in found.near_misses.values()),
        "values": sum(t.agreed for t in found.indicators.values()),
        "differences": sum(t.differences for t in every.values()),
        "by_rule": {name: t.agreed for name, t in found.alerts.items()},
        "not_judged": {name: list(pair) for name, pair in found.not_judged.items()},
        "listed": {
            name: {"pipeline": [str(x) for x in t.pipeline_only[:50]],
                   "oracle": [str(x) for x in t.oracle_only[:50]]}
            for name, t in every.items() if t.differences
        },
    }  # fmt: skip


def happened(nights: Nights, night: date, said: Published) -> dict[str, Any]:
    """How much there was of what the comparison is about."""
    rows = [
        row for row in nights.truth.rows["medical_insurance/settlement"]
        if row["arrives_on"] <= night
    ]  # fmt: skip
    back = [row for row in rows if row["total_cost"] < 0]
    records = nights.truth.rows["civil_affairs/death_record"]
    deaths = [row for row in records if row["arrives_on"] <= night]
    return {
        "settlements": len(rows),
        "rows_by_kind": dict(Counter(row["change"] for row in rows)),
        "refunds_with_original": sum(row["original_settlement_id"] is not None for row in back),
        "refunds_without": sum(row["original_settlement_id"] is None for row in back),
        "refunds_flagged": sum(bool(row["refunded"]) for row in back),
        "flagged_without_pair": sum(bool(r["refunded"]) and r["total_cost"] >= 0 for r in rows),
        "death_records": len(deaths),
        "doubtful_by_design": sum(row["change"] == "doubtful_death" for row in deaths),
        "confirmed_households": len([visit for visit in nights.visits if visit[1] < night]),
        "people_in_other_tier": sum(
            row["tier"] == "其他" for row in said.tables["population.monitored_person"]
        ),
    }


def report(night: date, found: dict[str, Agreement]) -> None:
    for pack, agreement in found.items():
        told = figures(agreement)
        show(
            f"{night} {pack}: {told['tiers']:,} tiers, {told['alerts']:,} alerts, "
            f"{told['near_misses']:,} near misses, {told['values']:,} values agree; "
            f"{told['differences']} differ; {told['set_aside']} of {told['people']:,} people set "
            "aside as uncertain"
        )
        for name, tally in lines(agreement).items():
            for side, items in (("pipeline", tally.pipeline_only), ("oracle", tally.oracle_only)):
                for item in items[:5]:
                    show(f"  {name}: only {side}: {item}")


if __name__ == "__main__":
    sys.exit(main())
