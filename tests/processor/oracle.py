"""The file contract once more, in the plainest way: characters, dictionaries, Decimal. The fast path must agree.

It shares with the processor only the code tables and the names of columns and reasons. Everything is held in memory.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from processor.codes import code_tables
from processor.contract import COLUMNS, TYPES

ID = re.compile(r"[A-Z0-9]{6,35}")
AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,4})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TRAILER = re.compile(rb"TRAILER,([0-9]{1,18}),(-?[0-9]{1,30}(\.[0-9]{1,30})?)")
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
LETTERS = str.maketrans({chr(code): str(code - 55) for code in range(ord("A"), ord("Z") + 1)})
MAGIC = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"(\xb5/\xfd",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf'\x1c",
    b"\x04\x22M\x18",
)
STRUCTURAL = ("COLUMNS", "ENCODING", "QUOTING", "CONTROL_CHARACTER")
TABLES = code_tables()
TYPE_SET = frozenset(TYPES)


class QuoteError(ValueError):
    """The quotes of a line are not those of RFC 4180."""


@dataclass
class Expected:
    """What must come out of a file."""

    file_reason: str | None = None
    lines: int = 0
    accepted: list[tuple[object, ...]] = field(default_factory=list)
    """(line, nine fields with dates and Decimal)"""
    rejected: list[tuple[int, str, bytes]] = field(default_factory=list)
    """(line, reasons joined by |, raw bytes)"""
    totals: dict[tuple[str, str, datetime.date], tuple[int, Decimal]] = field(default_factory=dict)
    amount: Decimal = Decimal(0)
    declared: tuple[int, Decimal] | None = None
    sha256: str = ""

    @property
    def reasons(self) -> Counter[str]:
        """Lines by reason."""
        return Counter(reason for _, reasons, _ in self.rejected for reason in reasons.split("|"))


def tokenize(line: str | bytes) -> list[str]:
    """Nine fields or however many there are; a state machine over the characters of one line."""
    text = line if isinstance(line, str) else line.decode("latin-1")
    if '"' not in text:
        return text.split(",")
    fields, current, state = [], "", "start"
    for character in text:
        match state, character:
            case ("start", '"'):
                state = "quoted"
            case ("start" | "plain" | "closed", ","):
                fields.append(current)
                current, state = "", "start"
            case ("plain", '"'):
                raise QuoteError
            case ("start" | "plain", _):
                current, state = current + character, "plain"
            case ("quoted", '"'):
                state = "closed"
            case ("quoted", _):
                current += character
            case ("closed", '"'):
                current, state = current + '"', "quoted"
            case ("closed", _):
                raise QuoteError
    if state == "quoted":
        raise QuoteError
    return [*fields, current]


def structure(raw: bytes, max_line_bytes: int) -> tuple[list[str], list[str]]:
    """(fields, reasons why there are none)"""
    if len(raw) > max_line_bytes:
        return [], ["COLUMNS"]
    try:
        line: str | bytes = raw.decode("utf-8")
        found = set()
    except UnicodeDecodeError:
        line, found = raw, {"ENCODING"}
    if CONTROL.search(raw):
        found.add("CONTROL_CHARACTER")
    fields: list[str] = []
    try:
        fields = tokenize(line)
        if len(fields) != len(COLUMNS):
            found.add("COLUMNS")
    except QuoteError:
        found.add("QUOTING")
    return fields, [name for name in STRUCTURAL if name in found] if found else []


def read_date(text: str) -> datetime.date | None:
    """A date written as YYYY-MM-DD, or None."""
    try:
        return datetime.date(int(text[:4]), int(text[5:7]), int(text[8:])) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def is_account(text: str) -> bool:
    """Whether `text` is an IBAN."""
    if not ACCOUNT.fullmatch(text) or TABLES.iban_lengths.get(text[:2]) != len(text):
        return False
    return 2 <= int(text[2:4]) <= 98 and int((text[4:] + text[:4]).translate(LETTERS)) % 97 == 1


def check(
    fields: list[str], seen: set[str]
) -> tuple[list[str], datetime.date | None, datetime.date | None, Decimal | None]:
    """(reasons, booking date, value date, amount) of a line with nine fields; remembers its id."""
    identifier, booking, value, debtor, creditor, amount, currency, kind, reference = fields
    reasons = []
    if not ID.fullmatch(identifier):
        reasons.append("TRANSACTION_ID")
    elif identifier in seen:
        reasons.append("DUPLICATE")
    else:
        seen.add(identifier)
    booked, valued = read_date(booking), read_date(value)
    if booked is None:
        reasons.append("BOOKING_DATE")
    if valued is None:
        reasons.append("VALUE_DATE")
    if not is_account(debtor):
        reasons.append("DEBTOR_ACCOUNT")
    if not is_account(creditor):
        reasons.append("CREDITOR_ACCOUNT")
    exact = Decimal(amount) if AMOUNT.fullmatch(amount) else None
    if exact is None:
        reasons.append("AMOUNT")
    elif exact <= 0:
        reasons.append("NOT_POSITIVE")
    units = TABLES.minor_units.get(currency)
    if units is None:
        reasons.append("CURRENCY")
    elif exact is not None and len(amount.partition(".")[2]) != units:
        reasons.append("MINOR_UNITS")
    if kind not in TYPE_SET:
        reasons.append("TYPE")
    if len(reference) > 140:
        reasons.append("REFERENCE")
    return reasons, booked, valued, exact


def physical_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, bytes without line end) of every line; what follows the last LF is a line if there is anything."""
    *complete, rest = data.split(b"\n")
    for number, raw in enumerate(complete, start=1):
        yield number, raw.removesuffix(b"\r")
    if rest:
        yield len(complete) + 1, rest


def expect(data: bytes, *, max_line_bytes: int = 1 << 20) -> Expected:
    """What the processor must make of a file with these bytes."""
    result = Expected(sha256=hashlib.sha256(data).hexdigest())
    if data in (b"", b"\xef\xbb\xbf"):
        result.file_reason = "EMPTY"
        return result
    if data.startswith(MAGIC):
        result.file_reason = "COMPRESSED"
        return result
    (_, header), *lines = physical_lines(data)
    if header.removeprefix(b"\xef\xbb\xbf") != ",".join(COLUMNS).encode():
        result.file_reason = "HEADER"
        return result
    seen: set[str] = set()
    result.file_reason = "TRAILER_MISSING"
    for position, (number, raw) in enumerate(lines, start=1):
        if raw.startswith(b"TRAILER,"):
            result.file_reason = judge_trailer(raw, result) if position == len(lines) else "TRAILER_EARLY"
            break
        take_line(number, raw, seen, result, max_line_bytes)
    return result


def judge_trailer(raw: bytes, result: Expected) -> str | None:
    """The file's reason after its last line."""
    match = TRAILER.fullmatch(raw)
    if match is None:
        return "TRAILER_FORMAT"
    result.declared = int(match[1]), Decimal(match[2].decode())
    if result.declared[0] != result.lines:
        return "TRAILER_COUNT"
    return None if result.declared[1] == result.amount else "TRAILER_SUM"


def take_line(number: int, raw: bytes, seen: set[str], result: Expected, max_line_bytes: int) -> None:
    """Account for one data line."""
    result.lines += 1
    fields, reasons = structure(raw, max_line_bytes)
    booked = valued = amount = None
    if not reasons:
        reasons, booked, valued, amount = check(fields, seen)
        result.amount += amount or 0
    if reasons:
        result.rejected.append((number, "|".join(reasons), raw))
        return
    assert booked is not None
    assert amount is not None
    result.accepted.append((number, fields[0], booked, valued, fields[3], fields[4], amount, *fields[6:]))
    key = (fields[3], fields[6], booked)
    count, total = result.totals.get(key, (0, Decimal(0)))
    result.totals[key] = count + 1, total + amount
