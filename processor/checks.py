"""Checks the fields of the lines that could be split. Formats are decided by pattern before any value is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from .accounts import valid_accounts
from .codes import CodeTables
from .contract import AMOUNT_SCALE, REFERENCE_CHARACTERS, TYPES, Reason
from .distinct import Distinct

_ID = r"\A[A-Z0-9]{6,35}\z"
_AMOUNT = r"\A-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,4})?\z"
_DATE = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
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
    debtor: Distinct
    currency: Distinct


def check(frame: pl.DataFrame, tables: CodeTables) -> Checked:
    """Find every reason of every line, except DUPLICATE."""
    reasons = np.zeros(len(frame), np.uint32)

    def reject(reason: Reason, where: Flags) -> None:
        reasons[where] |= np.uint32(reason.bit)

    has_id = frame["transaction_id"].str.contains(_ID).to_numpy()
    reject(Reason.TRANSACTION_ID, ~has_id)
    booking_date, value_date = _dates(frame["booking_date"]), _dates(frame["value_date"])
    reject(Reason.BOOKING_DATE, booking_date.is_null().to_numpy())
    reject(Reason.VALUE_DATE, value_date.is_null().to_numpy())
    debtor, creditor = Distinct(frame["debtor_account"]), Distinct(frame["creditor_account"])
    reject(Reason.DEBTOR_ACCOUNT, ~debtor.spread(valid_accounts(debtor.values, tables.iban_lengths)))
    reject(Reason.CREDITOR_ACCOUNT, ~creditor.spread(valid_accounts(creditor.values, tables.iban_lengths)))
    amount, places = _amounts(frame["amount"])
    well_formed = amount.is_not_null().to_numpy()
    reject(Reason.AMOUNT, ~well_formed)
    reject(Reason.NOT_POSITIVE, (amount <= 0).fill_null(False).to_numpy())
    currency = Distinct(frame["currency"])
    units = currency.spread(_minor_units(currency.values, tables.minor_units))
    reject(Reason.CURRENCY, units < 0)
    reject(Reason.MINOR_UNITS, well_formed & (units >= 0) & (places != units))
    types = Distinct(frame["type"])
    reject(Reason.TYPE, ~types.spread(types.values.is_in(TYPES).to_numpy()))
    reject(Reason.REFERENCE, _too_long(frame["reference"]))
    return Checked(
        reasons=reasons,
        has_id=has_id,
        booking_date=booking_date,
        value_date=value_date,
        amount=amount,
        debtor=debtor,
        currency=currency,
    )


def _dates(column: pl.Series) -> pl.Series:
    """Dates of year 1 or later; null where the text is not exactly one."""
    distinct = Distinct(column)
    values = distinct.values.to_frame("text")
    exact = pl.col("text").str.contains(_DATE) & ~pl.col("text").str.starts_with("0000")
    dates = values.select(pl.when(exact).then("text").str.to_date("%Y-%m-%d", strict=False))["text"]
    days = dates.cast(pl.Int32).fill_null(_NO_DATE).to_numpy()
    return pl.Series(distinct.spread(days)).replace(_NO_DATE, None).cast(pl.Date)


_NO_DATE = -(2**31)


def _amounts(column: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """Exact amounts, null where not well-formed; and how many digits stand after the point."""
    frame = column.to_frame("text").select(
        amount=pl.when(pl.col("text").str.contains(_AMOUNT)).then("text").cast(AMOUNT_TYPE, strict=False),
        places=pl.col("text").str.len_bytes().cast(pl.Int64)
        - pl.col("text").str.find(".", literal=True).cast(pl.Int64)
        - 1,
    )
    return frame["amount"], frame["places"].fill_null(0).to_numpy()


def _minor_units(values: pl.Series, minor_units: dict[str, int]) -> npt.NDArray[np.int8]:
    """Digits after the point by currency; -1 for what is no currency with minor units."""
    known = list(minor_units)
    return values.replace_strict(known, list(minor_units.values()), default=-1, return_dtype=pl.Int8).to_numpy()


def _too_long(column: pl.Series) -> Flags:
    too_long = (column.str.len_bytes() > REFERENCE_CHARACTERS).to_numpy(writable=True)
    rows = np.flatnonzero(too_long)
    too_long[rows] = (column.gather(rows).str.len_chars() > REFERENCE_CHARACTERS).to_numpy()
    return too_long
