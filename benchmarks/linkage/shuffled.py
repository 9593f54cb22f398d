"""Whether grouping depends on the order in which files and their rows come.

    python -m benchmarks.linkage.shuffled --people 20000

The first night of a synthetic city, and the same files under other names (so that they are read in
another order) with their rows in another order. Workbooks and Parquet files keep the order of their
rows. Every difference is counted; the command ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
from pathlib import Path

import polars as pl

from benchmarks.linkage import nights
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.lake.newest import frame_of

TEXT = (".csv", ".tab", ".txt")
KEY = ["source", "dataset", "record_key"]


def shuffled(city: Path, out: Path, seed: int) -> Path:
    """A copy of a city's files as the module says, made anew below `out`."""
    rng = random.Random(seed)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(city / "truth", out / "truth")
    arrivals = pl.read_csv(city / "truth" / "arrivals.csv")
    renamed = [_copied(city / "landing", Path(path), out / "landing", rng)
               for path in arrivals["relative_path"]]  # fmt: skip
    arrivals.with_columns(relative_path=pl.Series(renamed)).write_csv(
        out / "truth" / "arrivals.csv"
    )
    return out


def _copied(landing: Path, path: Path, out: Path, rng: random.Random) -> str:
    stem, day = path.name.rsplit("_", 1)
    target = path.with_name(f"{stem}_{rng.randrange(10**6):06}x_{day}")
    (out / target).parent.mkdir(parents=True, exist_ok=True)
    content = (landing / path).read_bytes()
    packed = path.suffix == ".gz"
    if packed or path.suffix in TEXT:
        content = _mixed(gzip.decompress(content) if packed else content, rng)
    (out / target).write_bytes(gzip.compress(content) if packed else content)
    shutil.copystat(landing / path, out / target)
    return str(target)


def _mixed(content: bytes, rng: random.Random) -> bytes:
    """Lines after the header in another order; no byte of a Chinese character is a line's end."""
    header, *lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    rng.shuffle(lines)
    return header + b"".join(lines)


def persons(home: Path) -> pl.DataFrame:
    """`KEY` and `person_id` of the last night."""
    store = Home(home)
    manifest = load_manifest(store, committed_nights(store)[-1])
    assert manifest is not None
    return frame_of(manifest.tables["linkage.mention_link"], store.lake).select(*KEY, "person_id")


def differences(one: pl.DataFrame, other: pl.DataFrame) -> dict[str, int]:
    """Records that only one side has, whose group is another, and whose id is another."""

    def grouped(links: pl.DataFrame) -> pl.DataFrame:
        first = pl.concat_str(KEY, separator="\x1f").min().over("person_id")
        return links.with_columns(group=first, size=pl.len().over("person_id"))

    both = grouped(one).join(grouped(other), on=KEY, how="full", coalesce=True, suffix="_other")
    alone = pl.col("person_id").is_null() | pl.col("person_id_other").is_null()
    group = (pl.col("group") != pl.col("group_other")) | (pl.col("size") != pl.col("size_other"))
    return {
        "records on one side alone": both.filter(alone).height,
        "records in another group": both.filter(~alone & group).height,
        "records under another id": both.filter(
            ~alone & (pl.col("person_id") != pl.col("person_id_other"))
        ).height,
    }


def measured(people: int, seed: int, dirt: float, work: Path) -> tuple[int, dict[str, int]]:
    """How many records there are, and `differences`; both nights use one key for ids."""
    city = nights.city(people, seed, dirt, work)
    other = shuffled(city, work / f"shuffled-{people}-{seed}-{dirt}", seed + 1)
    homes = [work / f"{name}-{people}-{seed}-{dirt}" for name in ("ordered", "disordered")]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    key = Home(homes[0]).create().key()
    Home(homes[1]).create().key_file.write_bytes(key)
    for folder, home in zip((city, other), homes, strict=True):
        for _ in nights.run(folder, home, nights.nights_of(city)[:1]):
            pass
    links = [persons(home) for home in homes]
    return links[0].height, differences(*links)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--dirt", type=float, default=1.0)
    parser.add_argument("--work", type=Path, default=Path("var/bench/linkage"))
    given = parser.parse_args()
    records, found = measured(given.people, given.seed, given.dirt, given.work)
    print(f"{given.people} people, {records} records")
    for name, count in found.items():
        print(f"  {name}: {count}")
    if any(found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
