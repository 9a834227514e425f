"""The files that a run leaves behind."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from .contract import AMOUNT_SCALE, COLUMNS, Reason, join_reasons, reasons_in
from .structure import Reject

ACCEPTED, REJECTED, TOTALS, SUMMARY = "accepted.parquet", "rejected.csv", "totals.parquet", "summary.json"

_TYPES = {"booking_date": pa.date32(), "value_date": pa.date32(), "amount": pa.decimal128(18, AMOUNT_SCALE)}
ACCEPTED_SCHEMA = pa.schema(
    [("line", pa.int64())] + [(name, _TYPES.get(name, pa.string_view())) for name in COLUMNS],
)
_DICTIONARIES = [name for name in COLUMNS if name not in ("transaction_id", "creditor_account", "amount", "reference")]
"""Columns whose values repeat: the others are not worth the attempt at a dictionary."""
_STATISTICS = ["line", "booking_date", "value_date", "debtor_account", "amount", "currency"]
"""Columns that somebody may want to find rows by."""
_BASE64_STEP = 3
"""Bytes that become four characters without padding: pieces of such lengths can be joined."""


class AcceptedWriter(AbstractContextManager["AcceptedWriter"]):
    """Writes accepted.parquet, one row group a block."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(
            path,
            ACCEPTED_SCHEMA,
            compression="zstd",
            compression_level=1,
            use_dictionary=_DICTIONARIES,
            write_statistics=_STATISTICS,
            column_encoding={"line": "DELTA_BINARY_PACKED"},
            store_schema=False,
        )

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows: line and the nine fields."""
        if len(frame):
            table = frame.select("line", *COLUMNS).to_arrow(compat_level=pl.CompatLevel.newest())
            self._writer.write_table(table.cast(ACCEPTED_SCHEMA))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


class RejectedWriter(AbstractContextManager["RejectedWriter"]):
    """Writes rejected.csv: line number, reasons joined by |, the line's bytes in base64. Counts the reasons."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._file.write(b"line,reasons,raw_base64\n")
        self._masks: Counter[int] = Counter()

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append rejects, which are in line order."""
        rows = []
        for reject in rejects:
            self._masks[reject.reasons] += 1
            rows.append(b"%d,%b,%b\n" % (reject.line, join_reasons(reject.reasons).encode(), b64encode(reject.raw)))
        self._file.write(b"".join(rows))

    def write_long(self, line: int, reasons: int, pieces: Iterable[bytes]) -> None:
        """Append a line that comes in pieces, without ever holding it whole."""
        self._masks[reasons] += 1
        self._file.write(b"%d,%b," % (line, join_reasons(reasons).encode()))
        rest = b""
        for piece in pieces:
            whole = rest + piece
            cut = len(whole) - len(whole) % _BASE64_STEP
            self._file.write(b64encode(whole[:cut]))
            rest = whole[cut:]
        self._file.write(b64encode(rest) + b"\n")

    @property
    def lines(self) -> int:
        """Rejected lines so far."""
        return self._masks.total()

    @property
    def reasons(self) -> dict[str, int]:
        """How many lines carry each reason, in contract order; reasons that no line carries are left out."""
        counts: Counter[Reason] = Counter()
        for mask, lines in self._masks.items():
            for reason in reasons_in(mask):
                counts[reason] += lines
        return {reason.value: counts[reason] for reason in Reason if counts[reason]}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write summary.json."""
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
