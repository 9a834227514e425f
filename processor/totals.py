"""Totals of the accepted lines by debtor account, currency and booking date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from .contract import AMOUNT_SCALE

Keys = npt.NDArray[np.uint64]

_CURRENCY_BITS, _DATE_BITS = 8, 23
_DATE_OFFSET = 1 << (_DATE_BITS - 1)
"""Days from 1970 reach from -719162 to 2932896: moved up, they are positive and fit."""
_LOW_BITS = 32
"""Amounts are added in two halves, so that no sum of a million can overflow 64 bits."""
_COMPACT_ROWS = 1 << 20
_PART_ROWS = 1 << 16
"""Rows of a row group in a part: what is read at once to find a range."""
KEYS = ("debtor_account", "currency", "booking_date")
_SUM_TYPE = pl.Decimal(38, AMOUNT_SCALE)
_GROUPS: dict[str, pl.DataType] = {"key": pl.UInt64(), "transactions": pl.Int64(), "scaled": pl.Int128()}
SCHEMA = pa.schema(
    [
        ("debtor_account", pa.string_view()),
        ("currency", pa.string_view()),
        ("booking_date", pa.date32()),
        ("transactions", pa.int64()),
        ("amount", pa.decimal128(38, AMOUNT_SCALE)),
    ]
)


class Totals:
    """Adds up lines by a packed integer key.

    Memory grows with the number of groups, not of lines, up to `most_groups`; more go to sorted files in `scratch`.
    """

    def __init__(self, currencies: list[str], scratch: Path, *, most_groups: int = 2_000_000) -> None:
        self._currencies = currencies
        self._scratch = scratch
        self._most_groups = most_groups
        self._parts: list[Path] = []
        self._lines: list[tuple[Keys, npt.NDArray[np.int64]]] = []
        self._rows = 0
        self._forget()

    def _forget(self) -> None:
        """Start with no groups and no account codes."""
        self._groups = pl.DataFrame(schema=_GROUPS)
        self._accounts = pl.Categorical(pl.Categories.random())
        # Polars forgets categories that no column refers to: this one keeps the codes of all blocks the same.
        self._anchor = pl.Series([""], dtype=self._accounts)

    def add(
        self, accounts: pl.Series, currencies: npt.NDArray[np.integer], dates: pl.Series, amounts: pl.Series
    ) -> None:
        """Add lines; `currencies` are positions in the list that was given at the start."""
        codes = accounts.cast(self._accounts).to_physical().to_numpy().astype(np.uint64)
        days = (dates.to_physical().to_numpy() + np.int64(_DATE_OFFSET)).astype(np.uint64)
        keys = ((codes << np.uint64(_CURRENCY_BITS)) | currencies.astype(np.uint64)) << np.uint64(_DATE_BITS) | days
        self._lines.append((keys, amounts.to_physical().cast(pl.Int64).to_numpy()))
        self._rows += len(keys)
        if self._rows > min(_COMPACT_ROWS, self._most_groups):
            self._compact()
            if len(self._groups) > self._most_groups:
                self._spill()

    def write(self, path: Path) -> None:
        """Write all groups as Parquet, sorted by account, currency and date."""
        self._compact()
        if not self._parts:
            _write([self._sorted()], path)
            return
        self._spill()
        _write(_merge(self._parts), path)
        for part in self._parts:
            part.unlink()

    def _spill(self) -> None:
        part = self._scratch / f"totals-{len(self._parts)}.part"
        self._sorted().write_parquet(part, compression="zstd", compression_level=1, row_group_size=_PART_ROWS)
        self._parts.append(part)
        self._forget()

    def _sorted(self) -> pl.DataFrame:
        """The groups with the names of SCHEMA; amounts are integers in units of 10**-4."""
        keys = self._groups["key"].to_numpy()
        codes, account = np.unique(
            (keys >> np.uint64(_CURRENCY_BITS + _DATE_BITS)).astype(np.uint32), return_inverse=True
        )
        names = pl.Series(codes).cat.to(self._accounts).cast(pl.String)
        by_name = names.arg_sort().to_numpy()
        rank = np.empty(len(codes), np.uint64)
        rank[by_name] = np.arange(len(codes), dtype=np.uint64)
        # Positions of currencies are in alphabetical order and days in order of time: with the rank of the account's
        # name in its place the key itself sorts.
        rest = keys & np.uint64((1 << _CURRENCY_BITS + _DATE_BITS) - 1)
        order = pl.Series((rank[account] << np.uint64(_CURRENCY_BITS + _DATE_BITS)) | rest).arg_sort().to_numpy()
        rest = rest[order]
        return pl.DataFrame(
            {
                "debtor_account": names.gather(account[order]),
                "currency": pl.Series(self._currencies, dtype=pl.String).gather(rest >> np.uint64(_DATE_BITS)),
                "booking_date": pl.Series(_dates(rest)).cast(pl.Date),
                "transactions": self._groups["transactions"].gather(order),
                "amount": self._groups["scaled"].gather(order).cast(pl.Decimal(38, 0)),
            }
        )

    def _compact(self) -> None:
        """Turn lines into groups, and groups that were found before into one."""
        if self._lines:
            groups = _group(*(np.concatenate(part) for part in zip(*self._lines, strict=True)))
            if len(self._groups):
                again = pl.concat([self._groups, groups]).group_by("key")
                groups = again.agg(pl.col("transactions").sum(), pl.col("scaled").sum())
            self._groups = groups
        self._lines, self._rows = [], 0


def _group(keys: Keys, amounts: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Lines by key: how many, and the exact sum of their amounts."""
    order = pl.Series(keys).arg_sort().to_numpy()
    keys, amounts = keys[order], amounts[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.empty(0, np.int64)
    if not len(first):
        return pl.DataFrame(schema=_GROUPS)
    columns = {
        "key": keys[first],
        "transactions": np.diff(np.append(first, len(keys))),
        "high": np.add.reduceat(amounts >> _LOW_BITS, first),
        "low": np.add.reduceat(amounts & ((1 << _LOW_BITS) - 1), first),
    }
    scaled = pl.col("high").cast(pl.Int128) * pl.lit(1 << _LOW_BITS, pl.Int128) + pl.col("low").cast(pl.Int128)
    return pl.DataFrame(columns).select("key", "transactions", scaled=scaled)


def _dates(keys: Keys) -> npt.NDArray[np.int32]:
    return ((keys & np.uint64((1 << _DATE_BITS) - 1)).astype(np.int64) - _DATE_OFFSET).astype(np.int32)


def _merge(parts: list[Path]) -> Iterator[pl.DataFrame]:
    """Sorted parts as one, by ranges of accounts that are small enough to be held."""
    scans = [pl.scan_parquet(part) for part in parts]
    account = pl.col("debtor_account")
    steps = [scan.select(account.gather_every(max(1, _COMPACT_ROWS // len(parts)))).collect() for scan in scans]
    bounds: list[str | None] = [None, *pl.concat(steps).to_series().unique().sort().to_list(), None]
    for low, high in pairwise(bounds):
        within = (account >= low if low is not None else pl.lit(True)) & (
            account < high if high is not None else pl.lit(True)
        )
        together = pl.concat([scan.filter(within) for scan in scans]).group_by(KEYS)
        groups = together.agg(pl.col("transactions").sum(), pl.col("amount").sum())
        yield groups.sort(KEYS).collect()


def _write(frames: Iterable[pl.DataFrame], path: Path) -> None:
    with pq.ParquetWriter(
        path,
        SCHEMA,
        compression="zstd",
        compression_level=1,
        write_statistics=["debtor_account"],
        store_schema=False,
    ) as writer:
        for frame in frames:
            writer.write_table(_table(frame))


def _table(frame: pl.DataFrame) -> pa.Table:
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    amounts = table["amount"].cast(pa.decimal128(38, 0)).combine_chunks()
    # The integers are amounts in units of 10**-4: the same bits with the point in its place.
    exact = pa.Array.from_buffers(SCHEMA.field("amount").type, len(amounts), amounts.buffers(), offset=amounts.offset)
    return pa.Table.from_arrays([*table.columns[:-1], exact], names=SCHEMA.names).cast(SCHEMA)
