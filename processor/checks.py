"""Checks the fields of the lines that could be split. Formats are decided by pattern before any value is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from .accounts import valid_accounts
from .bytewise import NO_CURRENCY, NO_DATE, known_types, read_currencies, read_dates
from .codes import code_tables
from .contract import AMOUNT_SCALE, COLUMNS, REFERENCE_CHARACTERS, Reason
from .structure import Split

_ID = r"\A[A-Z0-9]{6,35}\z"
_AMOUNT = r"\A-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,4})?\z"
AMOUNT_TYPE = pl.Decimal(18, AMOUNT_SCALE)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What is known of the lines of a frame. Arrays and series have one entry a line."""

    reasons: npt.NDArray[np.uint32]
    """Mask of Reason bits, duplicates not yet looked for."""
    has_id: Flags
    """The line has a well-formed transaction id."""
    booking_date: pl.Series
    value_date: pl.Series
    amount: pl.Series
    """Exact decimal with four places; null where the amount is not well-formed."""
    currency: npt.NDArray[np.int16]
    """Position in `currencies()`; NO_CURRENCY for what has no minor units."""


@cache
def _minor_units() -> npt.NDArray[np.int8]:
    """By position in `currencies()`; one more entry at the end for what is no currency."""
    return np.array([*code_tables().minor_units.values(), 0], np.int8)


def check(split: Split) -> Checked:
    """Find every reason of every line, except DUPLICATE."""
    frame = split.frame
    reasons = np.zeros(len(frame), np.uint32)

    def reject(reason: Reason, where: Flags) -> None:
        reasons[where] |= np.uint32(reason.bit)

    def at(column: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        row = COLUMNS.index(column)
        return split.fields.buffer, split.fields.starts[row], split.fields.ends[row]

    values = frame.select(*_VALUES)
    has_id, amount = values["has_id"].to_numpy(), values["amount"]
    reject(Reason.TRANSACTION_ID, ~has_id)
    booking_days, value_days = read_dates(*at("booking_date")), read_dates(*at("value_date"))
    reject(Reason.BOOKING_DATE, booking_days == NO_DATE)
    reject(Reason.VALUE_DATE, value_days == NO_DATE)
    reject(Reason.DEBTOR_ACCOUNT, ~valid_accounts(*at("debtor_account")))
    reject(Reason.CREDITOR_ACCOUNT, ~valid_accounts(*at("creditor_account")))
    well_formed = values["well_formed"].to_numpy()
    reject(Reason.AMOUNT, ~well_formed)
    reject(Reason.NOT_POSITIVE, values["not_positive"].to_numpy())
    currency = read_currencies(*at("currency"))
    reject(Reason.CURRENCY, currency == NO_CURRENCY)
    wrong_units = values["places"].to_numpy() != _minor_units()[currency]
    reject(Reason.MINOR_UNITS, wrong_units & well_formed & (currency != NO_CURRENCY))
    reject(Reason.TYPE, ~known_types(*at("type")))
    reject(Reason.REFERENCE, _too_long(frame["reference"], values["maybe_long"]))
    return Checked(
        reasons=reasons,
        has_id=has_id,
        booking_date=_dates(booking_days),
        value_date=_dates(value_days),
        amount=amount,
        currency=currency,
    )


def _row_values() -> list[pl.Expr]:
    """What is computed from the text of each row, in one pass."""
    amount = pl.col("amount")
    well_formed = amount.str.contains(_AMOUNT)
    exact = pl.when(well_formed).then(amount).cast(AMOUNT_TYPE, strict=False)
    places = amount.str.len_bytes().cast(pl.Int32) - amount.str.find(".", literal=True).cast(pl.Int32) - 1
    return [
        pl.col("transaction_id").str.contains(_ID).alias("has_id"),
        well_formed.alias("well_formed"),
        exact.alias("amount"),
        (exact <= 0).fill_null(False).alias("not_positive"),
        places.fill_null(0).alias("places"),
        (pl.col("reference").str.len_bytes() > REFERENCE_CHARACTERS).alias("maybe_long"),
    ]


_VALUES = _row_values()


def _dates(days: npt.NDArray[np.int32]) -> pl.Series:
    """Dates from days; what is no date becomes the first of 1970, on lines that are rejected anyway."""
    return pl.Series(np.where(days == NO_DATE, np.int32(0), days)).cast(pl.Date)


def _too_long(column: pl.Series, maybe: pl.Series) -> Flags:
    """Counts characters only where there are enough bytes."""
    too_long = maybe.to_numpy(writable=True)
    rows = np.flatnonzero(too_long)
    if len(rows):
        too_long[rows] = (column.gather(rows).str.len_chars() > REFERENCE_CHARACTERS).to_numpy()
    return too_long
