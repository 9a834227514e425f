"""Makes processor/codes.json from the libraries that keep these tables: `python -m tests.processor.code_tables`."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import iso4217

TARGET = Path(__file__).parents[2] / "processor" / "codes.json"


def minor_units() -> dict[str, int]:
    """Current ISO 4217 codes that have minor units (iso4217 ships the maintenance agency's list one)."""
    return {code.code: code.exponent for code in iso4217.Currency if code.exponent is not None}


def iban_registry() -> str:
    """The SWIFT IBAN registry in python-stdnum's own form; its first lines say which release it is."""
    return files("stdnum").joinpath("iban.dat").read_text(encoding="utf-8")


def iban_lengths() -> dict[str, int]:
    """Country code -> IBAN length: two letters, two check digits and the widths of the BBAN's parts."""
    rows = re.findall(r'^([A-Z]{2}) .*bban="([^"]+)"', iban_registry(), re.MULTILINE)
    return {country: 4 + sum(map(int, re.findall(r"(\d+)!", bban))) for country, bban in rows}


def tables() -> dict[str, Any]:
    """The content of codes.json."""
    release = re.search(r"generated from (\S+)", iban_registry())
    if release is None:
        raise ValueError("python-stdnum's iban.dat no longer names its release")
    return {
        "sources": {
            "minor_units": f"iso4217 {iso4217.__version__}, list one published {iso4217.__published__}",
            "iban_lengths": f"python-stdnum, {release[1]}",
        },
        "minor_units": dict(sorted(minor_units().items())),
        "iban_lengths": dict(sorted(iban_lengths().items())),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(tables(), indent=1) + "\n", encoding="ascii")
