"""Makes processor/codes.json from the libraries that keep these tables: `python -m tests.processor.code_tables`."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import iso4217

TARGET = Path(__file__).parents[2] / "processor" / "codes.json"
TERRITORIES = {"AX", "BL", "GF", "GG", "GP", "IM", "JE", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"}


def minor_units() -> dict[str, int]:
    """Current ISO 4217 codes that have minor units (iso4217 ships the maintenance agency's list one)."""
    return {code.code: code.exponent for code in iso4217.Currency if code.exponent is not None}


def iban_lengths() -> dict[str, int]:
    """Country code -> length of the whole IBAN, by the SWIFT registry as schwifty generates it.

    schwifty also lists territories by themselves whose accounts carry the code of FI, FR or GB (the registry's
    "includes"), and, in another file, countries outside the registry ("aspirational"): neither begin an IBAN.
    """
    registry = json.loads(files("schwifty").joinpath("iban_registry/generated.json").read_text(encoding="utf-8"))
    return {country: entry["iban_length"] for country, entry in registry.items() if country not in TERRITORIES}


def tables() -> dict[str, Any]:
    """The content of codes.json."""
    return {
        "sources": {
            "minor_units": f"iso4217 {iso4217.__version__}, list one published {iso4217.__published__}",
            "iban_lengths": f"schwifty {version('schwifty')}, its registry without territories of other countries",
        },
        "minor_units": dict(sorted(minor_units().items())),
        "iban_lengths": dict(sorted(iban_lengths().items())),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(tables(), indent=1) + "\n", encoding="ascii")
