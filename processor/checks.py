"""Checks the fields of the lines that could be split. Formats are decided by pattern before any value is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from .accounts import valid_accounts
from .codes import code_tables
from .contract import AMOUNT_SCALE, COLUMNS, REFERENCE_CHARACTERS, TYPES, Reason
from .distinct import Distinct
from .structure import Split

_ID = r"\A[A-Z0-9]{6,35}\z"
_AMOUNT = r"\A-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,4})?\z"
_DATE = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
AMOUNT_TYPE = pl.Decimal(18, AMOUNT_SCALE)
_NO_DATE = -(2**31)
_NO_CURRENCY = -1

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
    """Position in `currencies()`; negative for what is no currency with minor units."""


@cache
def currencies() -> list[str]:
    """All currencies that a line can have."""
    return list(code_tables().minor_units)


def check(split: Split) -> Checked:
    """Find every reason of every line, except DUPLICATE."""
    frame = split.frame
    reasons = np.zeros(len(frame), np.uint32)

    def reject(reason: Reason, where: Flags) -> None:
        reasons[where] |= np.uint32(reason.bit)

    values = frame.select(*_VALUES)
    has_id, amount = values["has_id"].to_numpy(), values["amount"]
    reject(Reason.TRANSACTION_ID, ~has_id)
    booking_days, value_days = _days(frame["booking_date"]), _days(frame["value_date"])
    reject(Reason.BOOKING_DATE, booking_days == _NO_DATE)
    reject(Reason.VALUE_DATE, value_days == _NO_DATE)
    reject(Reason.DEBTOR_ACCOUNT, ~_accounts(split, "debtor_account"))
    reject(Reason.CREDITOR_ACCOUNT, ~_accounts(split, "creditor_account"))
    well_formed = values["well_formed"].to_numpy()
    reject(Reason.AMOUNT, ~well_formed)
    reject(Reason.NOT_POSITIVE, values["not_positive"].to_numpy())
    currency, units = _currencies(frame["currency"])
    reject(Reason.CURRENCY, currency == _NO_CURRENCY)
    wrong_units = values["places"].to_numpy() != units
    reject(Reason.MINOR_UNITS, wrong_units & well_formed & (currency != _NO_CURRENCY))
    types = Distinct(frame["type"])
    reject(Reason.TYPE, ~types.spread(types.values.is_in(TYPES).to_numpy()))
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


def _accounts(split: Split, column: str) -> Flags:
    row = COLUMNS.index(column)
    fields = split.fields
    return valid_accounts(fields.buffer, fields.starts[row], fields.ends[row])


def _days(column: pl.Series) -> npt.NDArray[np.int32]:
    """Days since 1970 of dates of year 1 or later; _NO_DATE where the text is not exactly a date."""
    distinct = Distinct(column)
    exact = pl.col("text").str.contains(_DATE) & ~pl.col("text").str.starts_with("0000")
    date = pl.when(exact).then("text").str.to_date("%Y-%m-%d", strict=False)
    days = distinct.values.to_frame("text").select(date.cast(pl.Int32).fill_null(_NO_DATE))
    return distinct.spread(days["text"].to_numpy())


def _dates(days: npt.NDArray[np.int32]) -> pl.Series:
    """Dates from days; what is no date becomes the first of 1970, on lines that are rejected anyway."""
    return pl.Series(np.where(days == _NO_DATE, np.int32(0), days)).cast(pl.Date)


def _currencies(column: pl.Series) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int8]]:
    """By row: position in `currencies()` or _NO_CURRENCY, and digits after the point."""
    distinct = Distinct(column)
    known, units = currencies(), list(code_tables().minor_units.values())
    position = distinct.values.replace_strict(known, range(len(known)), default=_NO_CURRENCY, return_dtype=pl.Int16)
    rows = distinct.spread(position.to_numpy())
    return rows, np.array([*units, 0], np.int8)[rows]


def _too_long(column: pl.Series, maybe: pl.Series) -> Flags:
    """Counts characters only where there are enough bytes."""
    too_long = maybe.to_numpy(writable=True)
    rows = np.flatnonzero(too_long)
    if len(rows):
        too_long[rows] = (column.gather(rows).str.len_chars() > REFERENCE_CHARACTERS).to_numpy()
    return too_long
