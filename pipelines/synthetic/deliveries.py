"""One delivery: true rows → a dirty file in the landing folder, and the truth beside it.

The caller says which rows, when they were extracted and when they arrive; the file's headers,
forms, format and unusable rows are drawn here.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.headers import header_index
from pipelines.contracts.model import Column, Contract
from pipelines.contracts.roles import Person
from pipelines.standard.values import record_key, standardise
from pipelines.synthetic import errors, faults, files, forms, headers
from pipelines.synthetic.meaning import decimal, meant, plain_text
from pipelines.synthetic.randomness import stream
from pipelines.synthetic.truth import LINEAGE, TruthWriter
from pipelines.synthetic.unusable import spoil

# the formats that deliveries of a dataset take in turn
ROTATION: dict[str, tuple[str, ...]] = {
    "settlement": ("csv", "csv_gb18030", "parquet", "csv_bom", "csv.gz", "csv", "tab"),
    "insured_person": ("csv_gb18030", "csv", "parquet", "csv.gz", "csv_bom"),
    "student": ("csv_bom", "csv_gb18030", "tab", "xlsx", "csv"),
    "region": ("csv_gb18030",),
}
MONTHLY = ("xlsx", "csv_gb18030", "csv", "xlsx", "tab", "parquet", "csv.gz", "csv_bom")
PREFIX = {"medical_insurance": "ybj", "education": "jyj", "civil_affairs": "mzj",
          "rural_affairs": "nyncj", "reference": "tjj"}  # fmt: skip


@dataclass
class Deliverer:
    """Writes deliveries and their truth; keeps what later deliveries need."""

    out: Path
    seed: int
    dirt: float
    contracts: Mapping[str, Contract]
    codes: Mapping[str, CodeList]
    truth: TruthWriter
    unusable: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    written: list[Path] = field(default_factory=list)
    _headers: dict[str, headers.Index] = field(default_factory=dict)
    _turn: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def deliver(
        self, name: str, rows: pl.DataFrame, extract_date: date, arrives_on: date, *,
        part: str = "", form: str | None = None, rounded: bool = False, sound: bool = False,
    ) -> Path | None:  # fmt: skip
        """One file of `<source>/<dataset>`. Rows: contract columns, `uid`, `…__written` ones.

        rounded: the whole file went through a spreadsheet that rounded the numbers.
        sound: no row of it is made unusable. Returns the path, None if there are no rows.
        """
        if not rows.height:
            return None
        contract = self.contracts[name]
        turn = self._turn[name]
        self._turn[name] += 1
        rng = stream(self.seed, "delivery", name, extract_date.isoformat(), part, turn)
        rotation = ROTATION.get(contract.dataset, MONTHLY)
        form = form or rotation[turn % len(rotation)]
        if form == "xlsx" and rows.height > files.XLSX_ROWS:
            form = "csv_gb18030"
        columns = [column for column in contract.columns if column.name in rows.columns]
        typed = form in ("parquet", "xlsx") and rng.random() < 0.6
        style = forms.Style.draw(rng) if self.dirt > 0 else forms.Style()
        written = {c.name: self._written(rng, rows, c, style, typed) for c in columns}
        if rounded and self.dirt > 0:
            rows = self._round(rows, written, columns, turn)
        wan = None if typed else self._in_wan(rng, contract, rows, written)
        key = self._key(contract, written)
        written, bad = spoil(rng, contract, written, 0.0 if sound or typed else self.dirt)
        path = self._path(contract, extract_date, part, form, turn)
        relative = str(path.relative_to(self.out / "landing"))
        rows = rows.with_columns(
            record_key=key, file=pl.lit(relative), quarantine_reason=bad,
            row_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            extract_date=pl.lit(extract_date), arrives_on=pl.lit(arrives_on),
            quarantined=bad.is_not_null(),
        )  # fmt: skip
        self._write(rng, contract, written, path, form, wan)
        files.stamp(path, arrives_on, extract_date)
        self.truth.arrivals.append({"relative_path": relative, "arrives_on": arrives_on})
        self.truth.append(name.replace("/", "__"), meant(contract, rows, self.codes))
        self._mentions(contract, rows)
        if bad.null_count() < len(bad):
            keep = rows.filter(pl.col("quarantined") & (pl.col("quarantine_reason") != "no_key"))
            self.unusable[name].append(
                keep.drop([n for n in LINEAGE if n != "change"], strict=False)
            )
        self.written.append(path)
        return path

    def repeat(self, path: Path, extract_date: date, arrives_on: date) -> Path:
        """The same bytes once more, under another name and extract date."""
        stem = path.name.rsplit("_", 1)[0]
        tail = path.name.rsplit("_", 1)[1].split(".", 1)[1]
        copy = path.with_name(f"{stem}_chongbao_{extract_date:%Y%m%d}.{tail}")
        copy.write_bytes(path.read_bytes())
        files.stamp(copy, arrives_on, extract_date)
        relative = str(copy.relative_to(self.out / "landing"))
        self.truth.arrivals.append({"relative_path": relative, "arrives_on": arrives_on})
        return copy

    def _written(
        self, rng: np.random.Generator, rows: pl.DataFrame, column: Column, style: forms.Style,
        typed: bool,
    ) -> pl.Series:  # fmt: skip
        name = f"{column.name}__written"
        values = rows[name if name in rows.columns else column.name].alias(column.name)
        match column.kind:
            case "date":
                values = values.cast(pl.Date)
                out = values if typed else forms.written_dates(rng, values, style, self.dirt)
            case "month":
                out = forms.written_months(values.cast(pl.Date), style)
            case "timestamp":
                out = values if typed else forms.written_stamps(values, style)
            case "money":
                values = decimal(values)
                if typed:
                    out = values.cast(pl.Float64)
                else:
                    out = forms.written_money(rng, values, column.required, self.dirt)
            case "sex":
                out = forms.written_sex(rng, values, style, self.dirt)
            case "boolean":
                out = forms.written_truth(values, style)
            case "codes":
                out = values if values.dtype == pl.String else values.list.join("、")
            case _:
                out = values.cast(pl.String)
        return out.alias(column.name)

    def _in_wan(
        self, rng: np.random.Generator, contract: Contract, rows: pl.DataFrame,
        written: dict[str, pl.Series],
    ) -> str | None:  # fmt: skip
        """Some files give a yearly income in 万元; then the header says so."""
        column = errors.WAN_COLUMNS.get(contract.dataset)
        if column not in written or rng.random() > errors.WAN_FILES * min(self.dirt, 1.0):
            return None
        amount = rows[column].cast(pl.Float64)
        written[column] = (amount / 10_000).round(6).cast(pl.String).alias(column)
        return column

    def _round(
        self, rows: pl.DataFrame, written: dict[str, pl.Series], columns: list[Column], turn: int
    ) -> pl.DataFrame:
        for column in columns:
            if column.kind != "identity_number":
                continue
            before = written[column.name]
            after = faults.rounded(before, scientific=turn % 2 == 0)
            written[column.name] = after
            suffix = next((r.suffix for r in self._people(rows) if r.id_number == column.name), "")
            fault = f"number_fault__{suffix}" if suffix else "number_fault"
            if fault in rows.columns:
                hit = (after != before).fill_null(False)
                rows = rows.with_columns(
                    pl.when(hit).then(pl.lit("rounded")).otherwise(fault).alias(fault)
                )
        return rows

    def _people(self, rows: pl.DataFrame) -> list[Person]:
        return [
            role for contract in self.contracts.values() for role in contract.roles_of(Person)
            if role.suffix and f"{role.suffix}_uid" in rows.columns
        ]  # fmt: skip

    def _key(self, contract: Contract, written: dict[str, pl.Series]) -> pl.Series:
        if all(contract.column(k).kind == "key" for k in contract.key):
            # never dirty: nothing to clean
            frame = pl.DataFrame([written[k].fill_null("") for k in contract.key])
            return frame.select(pl.concat_str(pl.all(), separator="|").alias("key")).to_series()
        only = replace(contract, columns=tuple(contract.column(k) for k in contract.key))
        height = len(next(iter(written.values())))
        frame = pl.DataFrame(
            {
                k: plain_text(written[k])
                if k in written
                else pl.Series([None] * height, dtype=pl.String)
                for k in contract.key
            }
        )
        return record_key(standardise(frame, only, self.codes).frame, contract)

    def _path(self, contract: Contract, extract: date, part: str, form: str, turn: int) -> Path:
        folder = self.out / "landing" / contract.source / contract.dataset
        middle = f"_{part}" if part else ""
        stem = f"{PREFIX.get(contract.source, 'sj')}_{contract.dataset}{middle}"
        path = folder / f"{stem}_{extract:%Y%m%d}.{files.ending(form)}"
        if path.exists():
            path = folder / f"{stem}_{turn}_{extract:%Y%m%d}.{files.ending(form)}"
        return path

    def _write(
        self, rng: np.random.Generator, contract: Contract, written: dict[str, pl.Series],
        path: Path, form: str, wan: str | None,
    ) -> None:  # fmt: skip
        style = headers.STYLES[int(rng.choice(4, p=[0.35, 0.35, 0.12, 0.18]))]
        if self.dirt <= 0:
            style = "own"
        index = self._headers.get(contract.name)
        if index is None:
            index = self._headers[contract.name] = header_index(contract)
        named = headers.headers(rng, contract, index, list(written), style, self.dirt)
        if wan:
            named[wan] += "（万元）"
        frame = pl.DataFrame([series.alias(named[name]) for name, series in written.items()])
        if self.dirt > 0 and rng.random() < errors.UNKNOWN_COLUMN:
            extra = headers.EXTRA[int(rng.integers(0, len(headers.EXTRA)))]
            if extra not in frame.columns:
                frame = frame.with_columns(pl.lit("").alias(extra))
        titles = (f"{contract.title_zh}", "制表单位：（样例）") if form == "xlsx" else ()
        files.write(frame, path, form, titles if rng.random() < 0.7 else ())

    def _mentions(self, contract: Contract, rows: pl.DataFrame) -> None:
        for role in contract.roles_of(Person):
            uid = f"{role.suffix}_uid" if role.suffix else "uid"
            if uid not in rows.columns:
                continue
            found = rows.filter(~pl.col("quarantined"))
            if role.refers and not role.holds:
                if "orphan" not in rows.columns:
                    continue
                found = found.filter("orphan")
            named = [c for c in (role.name, role.id_number) if c and c in rows.columns]
            if named:
                found = found.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in named))
            tail = f"__{role.suffix}" if role.suffix else ""
            for column in (f"number_fault{tail}", f"name_fault{tail}"):
                if column not in found.columns:
                    found = found.with_columns(pl.lit(None, dtype=pl.String).alias(column))
            number = pl.col(f"number_fault{tail}")
            has = pl.col(role.id_number).is_not_null() if role.id_number in found.columns else False
            end = f"|{role.suffix}" if role.suffix else ""
            self.truth.mention(
                found.select(
                    source=pl.lit(contract.source),
                    dataset=pl.lit(contract.dataset),
                    record_key=pl.col("record_key") + end,
                    person_uid=uid,
                    has_usable_number=has & ~number.is_in(errors.UNUSABLE_NUMBERS).fill_null(False),
                    number_fault=number,
                    name_fault=f"name_fault{tail}",
                    extract_date="extract_date",
                    arrives_on="arrives_on",
                    file="file",
                    row_number="row_number",
                )
            )
