"""Code tables: minor units of ISO 4217 currencies, lengths of IBANs by country.

The data is codes.json, made from the libraries iso4217 and schwifty by tests/processor/code_tables.py and held
against them by a test, so that the image carries the data and not the libraries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class CodeTables:
    """Both tables, ready for look-up."""

    minor_units: dict[str, int]
    """Currency code -> digits after the decimal point; currencies without minor units are not in it."""
    iban_lengths: dict[str, int]
    """Country code -> length of the whole IBAN in characters."""


@cache
def code_tables() -> CodeTables:
    """The tables as shipped, read once."""
    data = json.loads(files(__package__).joinpath("codes.json").read_text(encoding="ascii"))
    return CodeTables(minor_units=data["minor_units"], iban_lengths=data["iban_lengths"])
