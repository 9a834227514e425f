"""The shipped code tables are what their libraries say, and a second library agrees."""

from __future__ import annotations

import json
from importlib.resources import files

import pycountry

from processor.codes import code_tables

from .code_tables import TARGET, iban_lengths, minor_units, tables

TERRITORIES = {"AX", "BL", "GF", "GG", "GP", "IM", "JE", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"}
"""Territories that schwifty lists by themselves; their accounts carry FI, FR or GB, as the registry says."""


def test_shipped_tables_are_up_to_date() -> None:
    assert json.loads(TARGET.read_text(encoding="ascii")) == tables()


def test_currencies() -> None:
    assert code_tables().minor_units == minor_units()
    assert set(minor_units()) <= {currency.alpha_3 for currency in pycountry.currencies}
    samples = {"EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4}
    assert {code: code_tables().minor_units[code] for code in samples} == samples
    assert not {"XAU", "XXX", "XTS", "XDR"} & set(code_tables().minor_units)


def test_account_lengths_by_two_libraries() -> None:
    assert code_tables().iban_lengths == iban_lengths()
    registry = json.loads(files("schwifty").joinpath("iban_registry/generated.json").read_text(encoding="utf-8"))
    others = {country: entry["iban_length"] for country, entry in registry.items() if country not in TERRITORIES}
    assert others == iban_lengths()
