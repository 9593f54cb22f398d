"""The truth beside the deliveries: clean rows per dataset, mentions, arrivals, people, households.

Written as the files are written, chunk by chunk; nothing of it is read by the pipeline.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from pipelines.contracts.model import Contract

TYPES: dict[str, Any] = {
    "VARCHAR": pl.String(),
    "VARCHAR[]": pl.List(pl.String()),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
    "BOOLEAN": pl.Boolean(),
    "INTEGER": pl.Int32(),
    "DECIMAL(12,2)": pl.Decimal(12, 2),
}
LINEAGE: dict[str, Any] = {
    "record_key": pl.String(),
    "person_uid": pl.Int64(),
    "extract_date": pl.Date(),
    "arrives_on": pl.Date(),
    "file": pl.String(),
    "row_number": pl.Int64(),
    "quarantined": pl.Boolean(),
    "quarantine_reason": pl.String(),
    "change": pl.String(),
}
MENTION: dict[str, Any] = {
    "source": pl.String(),
    "dataset": pl.String(),
    "record_key": pl.String(),
    "person_uid": pl.Int64(),
    "has_usable_number": pl.Boolean(),
    "number_fault": pl.String(),
    "name_fault": pl.String(),
    "extract_date": pl.Date(),
    "arrives_on": pl.Date(),
    "file": pl.String(),
    "row_number": pl.Int64(),
}


@dataclass
class TruthWriter:
    """Open Parquet files of the truth folder."""

    folder: Path
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _open: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _seen: dict[str, pl.Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def schema(self, contract: Contract, extra: list[str]) -> dict[str, Any]:
        """Contract columns, lineage, and uids of further people a row names."""
        columns = {column.name: TYPES[column.type] for column in contract.columns}
        return columns | LINEAGE | {name: pl.Int64() for name in extra}

    def append(self, name: str, frame: pl.DataFrame) -> None:
        """Adds rows to `<name>.parquet`; the first frame decides the columns."""
        table = frame.to_arrow()
        writer = self._open.get(name)
        if writer is None:
            path = self.folder / f"{name}.parquet"
            writer = pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            self._open[name] = writer
        writer.write_table(table.cast(writer.schema))
        self.rows[name] += frame.height

    def mention(self, frame: pl.DataFrame) -> None:
        """Adds mentions that were not there before, or whose person or faults are others now."""
        if not frame.height:
            return
        key = f"{frame['source'][0]}/{frame['dataset'][0]}"
        marks = frame.select(
            pl.concat_str("record_key", "person_uid", "number_fault", "name_fault", separator="~",
                          ignore_nulls=True).hash(7)
        ).to_series()  # fmt: skip
        seen = self._seen.get(key)
        if seen is not None:
            new = ~marks.is_in(seen.implode())
            frame, marks = frame.filter(new), marks.filter(new)
            self._seen[key] = pl.concat([seen, marks])
        else:
            self._seen[key] = marks
        if frame.height:
            self.append("mention_all", frame.select(list(MENTION)).cast(MENTION))  # type: ignore[arg-type]

    def close(self, city: dict[str, Any]) -> None:
        """Finishes the files: one mention per key (its newest), arrivals and city.json."""
        for writer in self._open.values():
            writer.close()
        every = self.folder / "mention_all.parquet"
        if every.exists():
            pl.read_parquet(every).unique(
                ["source", "dataset", "record_key"], keep="last", maintain_order=True
            ).write_parquet(self.folder / "mention.parquet")
            every.unlink()
        pl.DataFrame(self.arrivals).write_csv(self.folder / "arrivals.csv")
        text = json.dumps(city, ensure_ascii=False, indent=2, default=str)
        (self.folder / "city.json").write_text(text + "\n", encoding="utf-8")
