"""The plain version as a program: the tests' oracle, and the same result files. `python -m bench.plain FILE DIR`."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from processor.contract import COLUMNS
from tests.processor.oracle import Expected, expect

TYPES = {"booking_date": pa.date32(), "value_date": pa.date32(), "amount": pa.decimal128(18, 4)}
ACCEPTED = pa.schema([("line", pa.int64()), *((name, TYPES.get(name, pa.string())) for name in COLUMNS)])
TOTALS = pa.schema(
    [
        ("debtor_account", pa.string()),
        ("currency", pa.string()),
        ("booking_date", pa.date32()),
        ("transactions", pa.int64()),
        ("amount", pa.decimal128(38, 4)),
    ]
)


def write_rows(path: Path, schema: pa.Schema, rows: list[tuple[object, ...]]) -> None:
    """Write rows as Parquet, 100,000 at a time."""
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for start in range(0, len(rows), 100_000):
            columns = zip(*rows[start : start + 100_000], strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def write(expected: Expected, directory: Path) -> None:
    """Write what the processor writes for a good file."""
    directory.mkdir(parents=True, exist_ok=True)
    write_rows(directory / "accepted.parquet", ACCEPTED, expected.accepted)
    write_rows(directory / "totals.parquet", TOTALS, [(*key, *expected.totals[key]) for key in sorted(expected.totals)])
    with (directory / "rejected.csv").open("w") as file:
        file.write("line,reasons,raw_base64\n")
        file.writelines(
            f"{number},{reasons},{base64.b64encode(raw).decode()}\n" for number, reasons, raw in expected.rejected
        )
    summary = {"lines": expected.lines, "reasons": expected.reasons, "sum": str(expected.amount)}
    (directory / "summary.json").write_text(json.dumps(summary))


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    write(expect(source.read_bytes()), target)
