"""The kinds of bad lines: each turns a good row into a bad line whose reasons are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Row = list[str]
ID, BOOKING, VALUE, DEBTOR, CREDITOR, AMOUNT, CURRENCY, TYPE, REFERENCE = range(9)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way for a line to be bad."""

    reasons: tuple[str, ...]
    """What the processor must say of it, in contract order."""
    spoil: Callable[[Row, int], str]
    """(row, a number to vary with) -> the line; lone surrogates stand for single bytes."""
    lines: int = 1
    """Data lines that come out of it; each has the same reasons."""
    amount: str | None = "kept"
    """Its part in the control sum: `kept`, `negated`, or None for nothing."""
    keeps_id: bool = True
    """The line still has its own well-formed id."""
    repeats: str | None = None
    """Takes the id of an earlier line: `accepted` or `rejected`."""


def _with(field: int, *values: str) -> Callable[[Row, int], str]:
    """Put one of `values` in a field."""

    def spoil(row: Row, number: int) -> str:
        row[field] = values[number % len(values)]
        return ",".join(row)

    return spoil


def _changed(field: int, *changes: Callable[[str], str]) -> Callable[[Row, int], str]:
    """Change a field in one of some ways."""

    def spoil(row: Row, number: int) -> str:
        row[field] = changes[number % len(changes)](row[field])
        return ",".join(row)

    return spoil


def _several(row: Row, number: int) -> str:
    row[BOOKING], row[CURRENCY], row[TYPE] = "", "", ""
    return ",".join(row)


def _zero(row: Row, number: int) -> str:
    point, digits = row[AMOUNT].partition(".")[1:]
    row[AMOUNT] = "0" + point + "0" * len(digits)
    return ",".join(row)


def _wrong_check_digit(account: str) -> str:
    return account[:-1] + str((int(account[-1]) + 1) % 10)


def _other_units(row: Row, number: int) -> str:
    """A currency with other minor units, so that the amount stays what it is."""
    row[CURRENCY] = "JPY" if "." in row[AMOUNT] else "EUR"
    return ",".join(row)


def _structural(reason: str, spoil: Callable[[Row, int], str], *, lines: int = 1) -> Kind:
    return Kind(reasons=(reason,), spoil=spoil, lines=lines, amount=None, keeps_id=False)


KINDS: dict[str, Kind] = {
    "short_line": _structural("COLUMNS", lambda row, number: ",".join(row[: 1 + number % 8])),
    "long_line": _structural("COLUMNS", lambda row, number: ",".join([*row, "x"])),
    "blank_line": _structural("COLUMNS", lambda row, number: ""),
    "bad_utf8": _structural(
        "ENCODING", _changed(REFERENCE, lambda text: text + "\udcff", lambda text: "\udcc3" + text)
    ),
    "stray_quote": _structural("QUOTING", _changed(REFERENCE, lambda text: '5" pipe', lambda text: f'"{text}"x')),
    "unclosed_quote": _structural("QUOTING", _changed(REFERENCE, lambda text: '"' + text)),
    "line_break": _structural("QUOTING", _changed(REFERENCE, lambda text: f'"{text}\n{text}"'), lines=2),
    "control_character": _structural(
        "CONTROL_CHARACTER", _changed(REFERENCE, *(lambda text, sign=sign: text + sign + "x" for sign in "\0\t\r\x7f"))
    ),
    "transaction_id": Kind(
        reasons=("TRANSACTION_ID",),
        spoil=_changed(ID, str.lower, lambda text: text[:5], lambda text: ""),
        keeps_id=False,
    ),
    "duplicate": Kind(reasons=("DUPLICATE",), spoil=lambda row, number: ",".join(row), repeats="accepted"),
    "duplicate_of_rejected": Kind(reasons=("DUPLICATE",), spoil=lambda row, number: ",".join(row), repeats="rejected"),
    "booking_date": Kind(reasons=("BOOKING_DATE",), spoil=_with(BOOKING, "2026-02-30", "2026-1-05", "0000-01-01")),
    "value_date": Kind(reasons=("VALUE_DATE",), spoil=_with(VALUE, "2026-13-01", "20261120", "2026-11-20 ")),
    "debtor_account": Kind(reasons=("DEBTOR_ACCOUNT",), spoil=_changed(DEBTOR, _wrong_check_digit, str.lower)),
    "creditor_account": Kind(
        reasons=("CREDITOR_ACCOUNT",), spoil=_changed(CREDITOR, lambda text: text[:-1], _wrong_check_digit)
    ),
    "amount": Kind(
        reasons=("AMOUNT",),
        spoil=_with(AMOUNT, "1e3", "+1.00", "01.00", "1.00005", "", "1\u066b00", "\u0661.00", "NaN", ".50"),
        amount=None,
    ),
    "negative": Kind(reasons=("NOT_POSITIVE",), spoil=_changed(AMOUNT, lambda text: "-" + text), amount="negated"),
    "zero": Kind(reasons=("NOT_POSITIVE",), spoil=_zero, amount=None),
    "currency": Kind(reasons=("CURRENCY",), spoil=_with(CURRENCY, "ZZZ", "eur", "XAU", "")),
    "minor_units": Kind(reasons=("MINOR_UNITS",), spoil=_other_units),
    "type": Kind(reasons=("TYPE",), spoil=_with(TYPE, "sct", "WIRE", "")),
    "reference": Kind(reasons=("REFERENCE",), spoil=_with(REFERENCE, "x" * 141, "ü" * 150)),
    "several": Kind(reasons=("BOOKING_DATE", "CURRENCY", "TYPE"), spoil=_several),
}
"""Every kind by name. `reference` of 141 characters is one too many; `several` carries three reasons at once."""
