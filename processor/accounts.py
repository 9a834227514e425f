"""IBANs (ISO 13616): length by country, check digits, remainder modulo 97."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from .contract import CHECK_DIGITS

_FORM = r"\A[A-Z]{2}[0-9]{2}[A-Z0-9]+\z"
_LETTERS = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
_DIGITS = [str(10 + position) for position in range(len(_LETTERS))]
_PIECE = 15
"""Digits handled at once: 96 * 10**15 + 10**15 fits in 64 bits."""
_POWERS = np.array([pow(10, exponent, 97) for exponent in range(_PIECE + 1)], np.int64)


def valid_accounts(values: pl.Series, lengths: dict[str, int]) -> npt.NDArray[np.bool_]:
    """Whether each text is an IBAN; `lengths` maps a country to the length of its IBANs."""
    country = values.str.slice(0, 2)
    expected = country.replace_strict(list(lengths), list(lengths.values()), default=0, return_dtype=pl.UInt32)
    valid = ((values.str.len_bytes() == expected) & values.str.contains(_FORM)).to_numpy(writable=True)
    rows = np.flatnonzero(valid)
    accounts = values if len(rows) == len(values) else values.gather(rows)
    checks = accounts.str.slice(2, 2).cast(pl.Int64).to_numpy()
    lowest, highest = CHECK_DIGITS
    valid[rows] = (checks >= lowest) & (checks <= highest) & (_remainders(accounts, checks) == 1)
    return valid


def _remainders(accounts: pl.Series, checks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Remainder modulo 97 with the first four characters moved to the end and letters as 10 to 35."""
    body = accounts.str.slice(4)
    letters = body.str.contains("[A-Z]").to_numpy()
    remainders = np.empty(len(accounts), np.int64)
    for rows, digits in (
        (~letters, body.filter(pl.Series(~letters))),
        (letters, body.filter(pl.Series(letters)).str.replace_many(_LETTERS, _DIGITS)),
    ):
        remainders[rows] = _modulo(digits)
    country = accounts.str.slice(0, 2).str.replace_many(_LETTERS, _DIGITS).cast(pl.Int64).to_numpy()
    result: npt.NDArray[np.int64] = (remainders * 10**6 + country * 100 + checks) % 97
    return result


def _modulo(digits: pl.Series) -> npt.NDArray[np.int64]:
    """The number that each text of digits stands for, modulo 97."""
    lengths = digits.str.len_bytes().to_numpy().astype(np.int64)
    remainders = np.zeros(len(digits), np.int64)
    for start in range(0, int(lengths.max(initial=0)), _PIECE):
        piece = digits.str.slice(start, _PIECE).cast(pl.Int64, strict=False).fill_null(0).to_numpy()
        remainders = (remainders * _POWERS[np.clip(lengths - start, 0, _PIECE)] + piece) % 97
    return remainders
