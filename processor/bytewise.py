"""Fields of fixed form read straight from a block's bytes, for all lines at once: dates, currencies, types."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from .codes import code_tables
from .contract import TYPES
from .words import HIGH_BITS, eight_digits, over_nine, pairs, words

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

NO_DATE = -(2**31)
NO_CURRENCY = -1

_DATE_LENGTH = len("YYYY-MM-DD")
_YEAR_TO_MONTH = int.from_bytes(b"0000-00-", "little")
_MONTHS = 12 * 10_000
_DASHES = np.uint64(0xFF0000FF00000000)
_CURRENCY_LENGTH = 3
_ALPHABET = 26


def read_dates(buffer: Bytes, starts: Positions, ends: Positions) -> npt.NDArray[np.int32]:
    """Days since 1970 of real dates of year 1 or later, written exactly YYYY-MM-DD; NO_DATE for anything else."""
    first_days, lengths = _calendar()
    digits = words(buffer)[starts] ^ np.uint64(_YEAR_TO_MONTH)
    days = pairs(buffer)[starts + 8].astype(np.int64)
    tens, ones = (days & 0xFF) - 0x30, (days >> 8) - 0x30
    exact = (ends - starts == _DATE_LENGTH) & ((digits & _DASHES) == 0) & ((over_nine(digits) & HIGH_BITS) == 0)
    exact &= (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9)
    # Bytes of the year are the lowest, then a dash, two of the month, a dash: as eight digits YYYY0MM0.
    number = eight_digits(np.where(exact, digits, np.uint64(0)))
    year, month, day = number // 10_000, number // 10 % 100, tens * 10 + ones
    exact &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    index = np.where(exact, year * 12 + month - 1, 0)
    exact &= day <= lengths[index]
    return np.where(exact, first_days[index] + day - 1, NO_DATE).astype(np.int32)


@cache
def _calendar() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """By month since January of year 0: its first day in days since 1970, and how many days it has."""
    months = np.arange("0000-01", "10000-02", dtype="M8[M]")
    days = months.astype("M8[D]").astype(np.int64)
    return days[:-1], np.diff(days)


def currencies() -> list[str]:
    """All currencies that a line can have, in the order of the positions below."""
    return list(code_tables().minor_units)


@cache
def _currency_positions() -> npt.NDArray[np.int16]:
    table = np.full(_ALPHABET**_CURRENCY_LENGTH, NO_CURRENCY, np.int16)
    for position, code in enumerate(currencies()):
        first, second, third = (ord(letter) - ord("A") for letter in code)
        table[(first * _ALPHABET + second) * _ALPHABET + third] = position
    return table


def read_currencies(buffer: Bytes, starts: Positions, ends: Positions) -> npt.NDArray[np.int16]:
    """Position in `currencies()`; NO_CURRENCY for what is no currency with minor units."""
    index = np.zeros(len(starts), np.int64)
    known = ends - starts == _CURRENCY_LENGTH
    for at in range(_CURRENCY_LENGTH):
        letter = buffer[starts + at] - np.uint8(ord("A"))
        known &= letter < _ALPHABET
        index = index * _ALPHABET + letter
    return np.where(known, _currency_positions()[np.where(known, index, 0)], np.int16(NO_CURRENCY))


def known_types(buffer: Bytes, starts: Positions, ends: Positions) -> Flags:
    """Whether each text is one of the transaction types."""
    lengths = ends - starts
    masks = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
    text = words(buffer)[starts] & masks[np.minimum(lengths, 8)]
    known = np.zeros(len(starts), np.bool_)
    for name in TYPES:
        known |= (text == np.uint64(int.from_bytes(name.encode("ascii"), "little"))) & (lengths == len(name))
    return known
