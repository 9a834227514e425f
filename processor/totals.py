"""Totals of the accepted lines by debtor account, currency and booking date."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from .contract import AMOUNT_SCALE

KEYS = ("debtor_account", "currency", "booking_date")
_SUM_TYPE = pl.Decimal(38, AMOUNT_SCALE)
SCHEMA: dict[str, pl.DataType] = {
    "debtor_account": pl.String(),
    "currency": pl.String(),
    "booking_date": pl.Date(),
    "transactions": pl.Int64(),
    "amount": _SUM_TYPE,
}
_COMPACT_ROWS = 1_000_000


class Totals:
    """Adds up blocks; memory grows with the number of groups, not of lines."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._rows = 0
        self._limit = _COMPACT_ROWS

    def add(self, part: pl.DataFrame) -> None:
        """Add groups in SCHEMA; the same group may come again."""
        self._parts.append(part)
        self._rows += len(part)
        if self._rows > self._limit:
            self._parts = [self._combined()]
            self._rows = len(self._parts[0])
            self._limit = max(_COMPACT_ROWS, 2 * self._rows)

    def write(self, path: Path) -> None:
        """Write all groups, sorted by their keys, as Parquet."""
        self._combined().sort(KEYS).write_parquet(path, compression="zstd", compression_level=1)

    def _combined(self) -> pl.DataFrame:
        if not self._parts:
            return pl.DataFrame(schema=SCHEMA)
        together = pl.concat(self._parts).group_by(KEYS)
        return together.agg(pl.col("transactions").sum(), pl.col("amount").sum().cast(_SUM_TYPE))
