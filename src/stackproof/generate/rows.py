"""Good rows: accounts, amounts, currencies and the rest, chosen by row number and seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .noise import Words, noise

_COUNTRIES = (
    ("DE", "dddddddddddddddddd"),
    ("FR", "ddddddddddddddddddddddd"),
    ("NL", "LLLLdddddddddd"),
    ("ES", "dddddddddddddddddddd"),
    ("IT", "Ldddddddddddddddddddddd"),
    ("GB", "LLLLdddddddddddddd"),
    ("BE", "dddddddddddd"),
    ("AT", "dddddddddddddddd"),
    ("PL", "dddddddddddddddddddddddd"),
    ("SE", "dddddddddddddddddddd"),
)
"""Countries and the shape of their account numbers after the check digits (IBAN registry), the usual one first."""
_USUAL = 7
"""Of eight accounts, how many are of the usual country."""

CURRENCIES = (
    *(("EUR", 2),) * 12,
    *(("USD", 2),) * 3,
    *(("GBP", 2),) * 2,
    *(("CHF", 2), ("SEK", 2), ("PLN", 2), ("JPY", 0), ("KRW", 0), ("BHD", 3), ("KWD", 3), ("CLF", 4)),
)
"""(code, minor units), as often as they are to be drawn."""
_DATES = ("2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20")
_TYPES = ("SCT", "SCT", "SCT", "SCTI", "SDD", "SDD", "RTGS", "BOOK", "CARD", "FEE", "REFUND")
_REFERENCES = 50_000
_MOST_DEBTORS, _MOST_CREDITORS = 20_000, 200_000
SCALE = 4
"""Decimal places of sums: amounts are handled as integers of 10**-4."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Some good rows that follow each other."""

    fields: list[list[str]]
    """Nine columns."""
    units: list[int]
    """Minor units of each row's currency."""
    scaled: list[int]
    """Each amount in units of 10**-4."""


def transaction_id(word: int) -> str:
    """The id of the row whose first number is `word`."""
    return f"TX{word:020d}"


@lru_cache(maxsize=8)
def accounts(seed: int, stream: int, count: int) -> tuple[str, ...]:
    """`count` valid IBANs."""
    kinds = noise(seed, stream, 0, count).tolist()
    high, low = noise(seed, stream + 1, 0, count).tolist(), noise(seed, stream + 2, 0, count).tolist()
    return tuple(map(_account, kinds, high, low))


def _account(kind: int, high: int, low: int) -> str:
    country, shape = _COUNTRIES[0 if kind % 8 < _USUAL else 1 + kind // 8 % (len(_COUNTRIES) - 1)]
    letters = shape.count("L")
    digits = f"{high:020d}{low:020d}"[-(len(shape) - letters) :]
    bank = "".join(chr(65 + (kind >> shift) % 26) for shift in range(8, 8 + 5 * letters, 5))
    number = "".join(str(int(character, 36)) for character in bank) + digits
    prefix = "".join(str(int(character, 36)) for character in country)
    return f"{country}{98 - int(number + prefix + '00') % 97:02d}{bank}{digits}"


@lru_cache(maxsize=1)
def references() -> tuple[str, ...]:
    """Remittance texts, one in ten with letters outside ASCII."""
    return tuple(
        f"INV-{number:07d} " + ("Müller & Söhne" if number % 10 == 0 else "supplier payment")
        for number in range(_REFERENCES)
    )


def make_rows(seed: int, first: int, count: int, *, transactions: int) -> Rows:
    """Rows `first` to `first + count` of a file of `transactions` rows."""
    debtors = accounts(seed, 100, min(_MOST_DEBTORS, max(1, transactions // 10)))
    creditors = accounts(seed, 200, min(_MOST_CREDITORS, max(1, transactions // 2)))
    words = noise(seed, 0, first, count)
    choice = [noise(seed, stream, first, count) for stream in range(1, 6)]
    currency = (choice[0] % np.uint64(len(CURRENCIES))).tolist()
    day = (choice[0] >> np.uint64(32)) % np.uint64(len(_DATES))
    later = np.minimum(day + ((choice[0] >> np.uint64(60)) & np.uint64(1)), np.uint64(len(_DATES) - 1))
    magnitude = np.uint64(10) ** (np.uint64(3) + (choice[1] >> np.uint64(40)) % np.uint64(5))
    minor = (np.uint64(1) + choice[1] % magnitude).tolist()
    units = [CURRENCIES[index][1] for index in currency]
    fields = [
        [transaction_id(word) for word in words.tolist()],
        _pick(_DATES, day),
        _pick(_DATES, later),
        _pick(debtors, choice[2]),
        _pick(creditors, choice[3]),
        list(map(_amount, minor, units)),
        [CURRENCIES[index][0] for index in currency],
        _pick(_TYPES, choice[4]),
        _pick(references(), choice[4] >> np.uint64(16)),
    ]
    scaled = [value * 10 ** (SCALE - digits) for value, digits in zip(minor, units, strict=True)]
    return Rows(fields=fields, units=units, scaled=scaled)


def _pick(values: Sequence[str], words: Words) -> list[str]:
    return [values[index] for index in (words % np.uint64(len(values))).tolist()]


def _amount(minor: int, digits: int) -> str:
    if digits == 0:
        return str(minor)
    text = str(minor).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}"
