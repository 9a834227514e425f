"""Totals of the accepted lines by debtor account, currency and booking date."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from .contract import AMOUNT_SCALE

_SUM_TYPE = pl.Decimal(38, AMOUNT_SCALE)
_CURRENCY_BITS, _DATE_BITS = 8, 23
_DATE_OFFSET = 1 << (_DATE_BITS - 1)
"""Days from 1970 reach from -719162 to 2932896: moved up, they are positive and fit."""
_COMPACT_ROWS = 1 << 20


class Totals:
    """Adds up lines by a packed integer key; memory grows with the number of groups, not of lines."""

    def __init__(self, currencies: list[str]) -> None:
        self._currencies = currencies
        self._accounts = pl.Categorical(pl.Categories.random())
        # Polars forgets categories that no column refers to: this one keeps the codes of all blocks the same.
        self._anchor = pl.Series([""], dtype=self._accounts)
        self._parts: list[pl.DataFrame] = []
        self._rows = 0
        self._limit = _COMPACT_ROWS

    def add(
        self, accounts: pl.Series, currencies: npt.NDArray[np.integer], dates: pl.Series, amounts: pl.Series
    ) -> None:
        """Add lines; `currencies` are positions in the list that was given at the start."""
        codes = accounts.cast(self._accounts).to_physical().to_numpy().astype(np.uint64)
        days = (dates.cast(pl.Int32).to_numpy().astype(np.int64) + _DATE_OFFSET).astype(np.uint64)
        keys = ((codes << np.uint64(_CURRENCY_BITS)) | currencies.astype(np.uint64)) << np.uint64(_DATE_BITS) | days
        part = pl.DataFrame({"key": keys, "amount": amounts.cast(_SUM_TYPE)})
        self._parts.append(part.with_columns(transactions=pl.lit(1, pl.Int64)))
        self._rows += len(part)
        if self._rows > self._limit:
            self._parts = [self._combined()]
            self._rows = len(self._parts[0])
            self._limit = _COMPACT_ROWS + self._rows

    def write(self, path: Path) -> None:
        """Write all groups as Parquet, sorted by account, currency and date."""
        groups = self._combined()
        keys = groups["key"].to_numpy()
        codes = (keys >> np.uint64(_CURRENCY_BITS + _DATE_BITS)).astype(np.uint32)
        currencies = (keys >> np.uint64(_DATE_BITS)) & np.uint64((1 << _CURRENCY_BITS) - 1)
        days = (keys & np.uint64((1 << _DATE_BITS) - 1)).astype(np.int64) - _DATE_OFFSET
        names = pl.Series(self._currencies, dtype=pl.String)
        table = pl.DataFrame(
            {
                "debtor_account": pl.Series(codes).cat.to(self._accounts).cast(pl.String),
                "currency": names.gather(currencies),
                "booking_date": pl.Series(days).cast(pl.Int32).cast(pl.Date),
                "transactions": groups["transactions"],
                "amount": groups["amount"],
            }
        )
        table.sort("debtor_account", "currency", "booking_date").write_parquet(
            path, compression="zstd", compression_level=1
        )

    def _combined(self) -> pl.DataFrame:
        schema = {"key": pl.UInt64(), "amount": _SUM_TYPE, "transactions": pl.Int64()}
        together = pl.concat([pl.DataFrame(schema=schema), *self._parts]).group_by("key")
        return together.agg(pl.col("amount").sum().cast(_SUM_TYPE), pl.col("transactions").sum())
