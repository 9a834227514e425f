"""IBANs (ISO 13616): length by country, check digits, remainder modulo 97.

All lines of a block are checked at once, on their bytes. Most accounts are a country and digits: those are read eight
digits at a time. Accounts with letters are read one character at a time.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from .codes import code_tables
from .contract import CHECK_DIGITS
from .words import HIGH_BITS, ZEROS, eight_digits, over_nine, pairs, words

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_INVALID = 1 << 40
_VALUES = np.full(256, _INVALID, np.int64)
"""By character: 0 to 35 for digits and capital letters."""
_FACTORS = np.full(256, 100, np.int64)
"""By character: a digit moves what stands before it by one place, a letter by two."""
for _value, _character in enumerate(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
    _VALUES[_character] = _value
_FACTORS[ord("0") : ord("9") + 1] = 10


@cache
def _by_country() -> tuple[npt.NDArray[np.int8], Numbers]:
    """By two letters as a little-endian word: the length of the IBAN (0: no such country), the letters as digits."""
    lengths, digits = np.zeros(1 << 16, np.int8), np.zeros(1 << 16, np.int64)
    for country, length in code_tables().iban_lengths.items():
        word = int.from_bytes(country.encode("ascii"), "little")
        lengths[word] = length
        digits[word] = int(country[0], 36) * 100 + int(country[1], 36)
    return lengths, digits


def valid_accounts(buffer: Bytes, starts: Positions, ends: Positions) -> Flags:
    """Whether the text from each of `starts` to each of `ends` is an IBAN; `buffer` is padded behind its last text."""
    lengths_of, digits_of = _by_country()
    countries = pairs(buffer)[starts]
    lengths = lengths_of[countries]
    lengths[lengths != ends - starts] = 0
    valid = np.zeros(len(starts), np.bool_)
    for length in np.unique(lengths[lengths > 0]).tolist():
        rows = np.flatnonzero(lengths == length)
        country = digits_of[countries[rows]]
        remainder, checks, digits = _digits_modulo(words(buffer), starts[rows] + 2, length - 2)
        # The check digits stand before the account's number here; ISO 7064 wants them behind it, after the country.
        remainder += (97 - pow(10, length - 4, 97)) * checks
        valid[rows] = digits & _matches(remainder, country, checks)
        letters = np.flatnonzero(~digits)
        if len(letters):
            valid[rows[letters]] = _valid_letters(buffer, starts[rows[letters]], length, country[letters])
    return valid


def _matches(remainder: Numbers, country: Numbers, checks: Numbers) -> Flags:
    """Whether country and check digits fit an account number of that remainder."""
    lowest, highest = CHECK_DIGITS
    whole = (remainder % 97 * 10**6 + country * 100 + checks) % 97
    matches: Flags = (checks >= lowest) & (checks <= highest) & (whole == 1)
    return matches


def _valid_letters(buffer: Bytes, starts: Positions, length: int, country: Numbers) -> Flags:
    """Whether texts of the right length, with letters in the account's number, are IBANs."""
    tens, ones = _VALUES[buffer[starts + 2]], _VALUES[buffer[starts + 3]]
    remainder = np.zeros(len(starts), np.int64)
    wrong = (tens > 9) | (ones > 9)
    for at in range(4, length):
        character = buffer[starts + at]
        value = _VALUES[character]
        wrong |= value == _INVALID
        remainder = (remainder * _FACTORS[character] + value) % 97
    return ~wrong & _matches(remainder, country, tens * 10 + ones)


def _digits_modulo(word_at: Words, starts: Positions, count: int) -> tuple[Numbers, Numbers, Flags]:
    """For `count` (8 or more) bytes from each start: the number modulo 97, its first two digits, if all are digits."""
    seen = np.zeros(len(starts), np.uint64)
    remainder = np.zeros(len(starts), np.int64)
    checks = remainder
    for at in range(0, count, 8):
        width = min(8, count - at)
        word = word_at[starts + (at + width - 8)] ^ ZEROS
        if width < 8:
            # The last word overlaps the one before: its first bytes, the lowest ones, were counted there.
            word &= np.uint64((1 << 64) - (1 << 8 * (8 - width)))
        seen |= over_nine(word)
        value = eight_digits(word)
        if at == 0:
            checks = value // 10**6
        remainder = (remainder * pow(10, width, 97) + value) % 97
    return remainder, checks, (seen & HIGH_BITS) == 0
