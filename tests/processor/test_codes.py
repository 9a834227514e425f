"""The shipped code tables are what their libraries say, and the libraries' own answers agree."""

from __future__ import annotations

import json

from schwifty import IBAN

from processor.codes import code_tables

from .code_tables import TARGET, iban_lengths, minor_units, tables


def test_shipped_tables_are_up_to_date() -> None:
    assert json.loads(TARGET.read_text(encoding="ascii")) == tables()


def test_currencies() -> None:
    assert code_tables().minor_units == minor_units()
    samples = {"EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4}
    assert {code: code_tables().minor_units[code] for code in samples} == samples
    assert not {"XAU", "XXX", "XTS", "XDR"} & set(code_tables().minor_units)


def test_account_lengths() -> None:
    assert code_tables().iban_lengths == iban_lengths()
    samples = {"DE": 22, "NO": 15, "MT": 31, "RU": 33, "GB": 22}
    assert {country: code_tables().iban_lengths[country] for country in samples} == samples
    for country in iban_lengths():
        assert IBAN(f"{country}00", allow_invalid=True).spec.iban_length == code_tables().iban_lengths[country]
