"""Control totals: what the trailer declares against what the lines add up to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .contract import FileReason

_TRAILER = re.compile(rb"TRAILER,([0-9]{1,18}),(-?[0-9]{1,30}(?:\.[0-9]{1,30})?)")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a well-formed trailer says."""

    count: int
    amount: Decimal
    text: str
    """The sum as it stands in the trailer."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """Declared and computed totals of one file."""

    declared: Declared | None
    """None if the file has no well-formed trailer as its last line."""
    count: int
    """Data lines."""
    amount: Decimal
    """Sum of the well-formed amounts of all lines with nine fields, whatever their currency."""

    @property
    def mismatch(self) -> FileReason | None:
        """The first total that differs from the declared one."""
        if self.declared is None:
            return None
        if self.declared.count != self.count:
            return FileReason.TRAILER_COUNT
        return None if self.declared.amount == self.amount else FileReason.TRAILER_SUM

    def report(self) -> dict[str, object]:
        """The `control` part of summary and manifest."""
        declared = self.declared
        return {
            "declared": {"count": declared and declared.count, "sum": declared and declared.text},
            "computed": {"count": self.count, "sum": f"{self.amount:f}"},
            "matches": declared is not None and self.mismatch is None,
        }


def read_trailer(line: bytes) -> Declared | None:
    """What a trailer line (without its line end) declares; None if it is not well-formed."""
    match = _TRAILER.fullmatch(line)
    if match is None:
        return None
    text = match[2].decode("ascii")
    return Declared(count=int(match[1]), amount=Decimal(text), text=text)
