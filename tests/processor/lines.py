"""Good lines and files to spoil."""

from __future__ import annotations

from dataclasses import dataclass, replace

from processor.contract import HEADER

DEBTOR, CREDITOR = "DE89370400440532013000", "GB82WEST12345698765432"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One data line; every field as it is to stand in the file."""

    transaction_id: str = "TX000001"
    booking_date: str = "2026-11-20"
    value_date: str = "2026-11-21"
    debtor_account: str = DEBTOR
    creditor_account: str = CREDITOR
    amount: str = "10.50"
    currency: str = "EUR"
    type: str = "SCT"
    reference: str = "invoice 1"

    def __bytes__(self) -> bytes:
        return ",".join(vars(self).values()).encode()

    def but(self, **fields: str) -> bytes:
        """This line with other fields."""
        return bytes(replace(self, **fields))


def line(number: int = 1, **fields: str) -> bytes:
    """A good line with an id of its own, some fields replaced."""
    return Line(transaction_id=f"TX{number:06d}").but(**fields)


def file_of(*lines: bytes, trailer: bytes | None = None, end: bytes = b"\n", header: bytes = HEADER) -> bytes:
    """A file with header and data lines; without `trailer` its trailer is what the oracle computes."""
    body = b"".join(part + end for part in (header, *lines))
    if trailer is None:
        from .oracle import expect

        expected = expect(body + b"TRAILER,0,0\n")
        trailer = b"TRAILER,%d,%s" % (expected.lines, f"{expected.amount:f}".encode())
    return body + trailer + end
