"""The file contract: columns, reasons and limits. Nothing here reads or computes."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

COLUMNS = (
    "transaction_id",
    "booking_date",
    "value_date",
    "debtor_account",
    "creditor_account",
    "amount",
    "currency",
    "type",
    "reference",
)
HEADER = ",".join(COLUMNS).encode()
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TRAILER_PREFIX = b"TRAILER,"

TYPES = ("SCT", "SCTI", "SDD", "RTGS", "BOOK", "CARD", "FEE", "REFUND")
AMOUNT_SCALE = 4
"""Decimal places that an amount can have, and that sums are shown with."""
REFERENCE_CHARACTERS = 140
CHECK_DIGITS = (2, 98)
"""Lowest and highest check digits of an IBAN (ISO 13616)."""

MAX_LINE_BYTES = 1 << 20
"""A line longer than this (without its line end) is rejected with COLUMNS alone and looked at no further.

A well-formed line is under 1 kB. The limit keeps memory bounded when a file has no line ends; the raw bytes
of such a line are still kept whole in rejected.csv, streamed.
"""

MAGIC_NUMBERS = (
    b"\x1f\x8b",  # gzip
    b"PK\x03\x04",  # zip
    b"PK\x05\x06",  # zip without entries
    b"\x28\xb5\x2f\xfd",  # zstd
    b"BZh",  # bzip2
    b"\xfd7zXZ\x00",  # xz
    b"7z\xbc\xaf\x27\x1c",  # 7-Zip
    b"\x04\x22\x4d\x18",  # lz4
)


class Reason(StrEnum):
    """Why a line is rejected, in the order in which a line's reasons are written."""

    COLUMNS = "COLUMNS"
    ENCODING = "ENCODING"
    QUOTING = "QUOTING"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    TRANSACTION_ID = "TRANSACTION_ID"
    DUPLICATE = "DUPLICATE"
    BOOKING_DATE = "BOOKING_DATE"
    VALUE_DATE = "VALUE_DATE"
    DEBTOR_ACCOUNT = "DEBTOR_ACCOUNT"
    CREDITOR_ACCOUNT = "CREDITOR_ACCOUNT"
    AMOUNT = "AMOUNT"
    NOT_POSITIVE = "NOT_POSITIVE"
    CURRENCY = "CURRENCY"
    MINOR_UNITS = "MINOR_UNITS"
    TYPE = "TYPE"
    REFERENCE = "REFERENCE"

    @property
    def bit(self) -> int:
        """This reason's bit in a line's mask of reasons."""
        return _BITS[self]


_BITS = {reason: 1 << position for position, reason in enumerate(Reason)}


class FileReason(StrEnum):
    """Why a whole file is rejected."""

    EMPTY = "EMPTY"
    COMPRESSED = "COMPRESSED"
    HEADER = "HEADER"
    TRAILER_MISSING = "TRAILER_MISSING"
    TRAILER_FORMAT = "TRAILER_FORMAT"
    TRAILER_EARLY = "TRAILER_EARLY"
    TRAILER_COUNT = "TRAILER_COUNT"
    TRAILER_SUM = "TRAILER_SUM"


@lru_cache(maxsize=1 << 16)
def reasons_in(mask: int) -> tuple[Reason, ...]:
    """The reasons whose bits are set in `mask`, in contract order."""
    return tuple(reason for reason, bit in _BITS.items() if mask & bit)


def join_reasons(mask: int) -> str:
    """The reasons of `mask` as they stand in rejected.csv."""
    return "|".join(reasons_in(mask))
