"""Writes whole files: header, lines, trailer; and says what must come out of processing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .noise import noise
from .rows import SCALE, Rows, make_rows
from .spoil import ID, KINDS, REFERENCE, Kind

HEADER = "transaction_id,booking_date,value_date,debtor_account,creditor_account,amount,currency,type,reference"
_CHUNK = 100_000
_QUOTED_EVERY = 100
"""One good line in so many has a quoted reference with a comma and doubled quotes in it."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What processing the file must give."""

    lines: int
    """Data lines: accepted + rejected."""
    accepted: int
    rejected: int
    reasons: dict[str, int]
    """Reason -> lines that carry it."""
    kinds: dict[str, int]
    """Kind of bad line -> how many were made of it (a `line_break` makes two lines)."""
    control_sum: Decimal
    """Sum in the trailer."""
    size: int
    """Bytes written."""

    def report(self) -> dict[str, Any]:
        """The same as JSON types."""
        return {**vars(self), "control_sum": f"{self.control_sum:f}"}


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Which rows are spoiled, and how."""

    rows: int
    bad: dict[int, str]
    """Row -> kind."""


def generate(
    target: str | Path | BinaryIO,
    *,
    transactions: int,
    seed: int = 1,
    bad_share: float = 0.012,
    kinds: Sequence[str] = tuple(KINDS),
) -> Truth:
    """Write a file of `transactions` data lines, of which `bad_share` (0 to 1) are bad, evenly of all `kinds`.

    The same arguments give the same bytes, everywhere. The first line is always good, so that there is something to
    duplicate. Raises ValueError for arguments that make no sense, OSError if the file cannot be written.
    """
    if transactions < 0 or not 0 <= bad_share <= 1:
        raise ValueError("transactions must be 0 or more, and bad_share between 0 and 1")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or (bad_share and not kinds):
        raise ValueError(f"unknown kinds: {', '.join(unknown)}" if unknown else "bad lines need at least one kind")
    if isinstance(target, (str, Path)):
        with Path(target).open("wb") as file:
            return _write(file, _plan(transactions, seed, bad_share, kinds), seed)
    return _write(target, _plan(transactions, seed, bad_share, kinds), seed)


def _plan(transactions: int, seed: int, bad_share: float, kinds: Sequence[str]) -> _Plan:
    """Share out the bad lines. A kind that makes two lines takes the place of two rows."""
    wanted = min(round(transactions * bad_share), max(0, transactions - 1))
    chosen: list[str] = []
    while wanted:
        kind = kinds[len(chosen) % len(kinds)]
        if KINDS[kind].lines > wanted:
            kind = next((name for name in kinds if KINDS[name].lines <= wanted), "")
            if not kind:
                break
        chosen.append(kind)
        wanted -= KINDS[kind].lines
    rows = transactions - sum(KINDS[kind].lines - 1 for kind in chosen)
    order = np.argsort(noise(seed, 50, 0, max(0, rows - 1)), kind="stable")[: len(chosen)] + 1
    return _Plan(rows=rows, bad=dict(zip(order.tolist(), chosen, strict=True)))


class _File:
    """A file while it is written, and its truth so far."""

    def __init__(self, target: BinaryIO, plan: _Plan) -> None:
        self._target = target
        self._plan = plan
        self._first_id: str | None = None
        self._rejected_id: str | None = None
        self.size = 0
        self.scaled = 0
        self.reasons: Counter[str] = Counter()

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        self.size += len(data)
        self._target.write(data)

    def add(self, rows: Rows, first: int) -> None:
        """Write rows that start at row number `first`."""
        self._first_id = self._first_id or rows.fields[ID][0]
        self._quote_some(rows, first)
        lines = list(map(",".join, zip(*rows.fields, strict=True)))
        self.scaled += sum(rows.scaled)
        for index in range(len(lines)):
            kind = self._plan.bad.get(first + index)
            if kind is not None:
                row = [column[index] for column in rows.fields]
                lines[index] = self._spoil(KINDS[kind], row, first + index, rows.scaled[index])
        self.write("\n".join(lines) + "\n")

    def _quote_some(self, rows: Rows, first: int) -> None:
        for index in range(-first % _QUOTED_EVERY, len(rows.units), _QUOTED_EVERY):
            if first + index not in self._plan.bad:
                rows.fields[REFERENCE][index] = '"Smith, John ""JJ"" & co"'

    def _spoil(self, kind: Kind, row: list[str], number: int, scaled: int) -> str:
        if kind.repeats is not None:
            earlier = self._rejected_id if kind.repeats == "rejected" else None
            row[ID] = earlier or self._first_id or row[ID]
        elif kind.keeps_id:
            self._rejected_id = row[ID]
        if kind.amount != "kept":
            self.scaled -= 2 * scaled if kind.amount == "negated" else scaled
        for reason in kind.reasons:
            self.reasons[reason] += kind.lines
        return kind.spoil(row, number)


def _write(target: BinaryIO, plan: _Plan, seed: int) -> Truth:
    file = _File(target, plan)
    file.write(HEADER + "\n")
    for first in range(0, plan.rows, _CHUNK):
        file.add(make_rows(seed, first, min(_CHUNK, plan.rows - first), transactions=plan.rows), first)
    rejected = sum(KINDS[kind].lines for kind in plan.bad.values())
    lines = plan.rows - len(plan.bad) + rejected
    control_sum = Decimal(file.scaled).scaleb(-SCALE)
    file.write(f"TRAILER,{lines},{control_sum:f}\n")
    return Truth(
        lines=lines,
        accepted=lines - rejected,
        rejected=rejected,
        reasons=dict(sorted(file.reasons.items())),
        kinds=dict(sorted(Counter(plan.bad.values()).items())),
        control_sum=control_sum,
        size=file.size,
    )
