"""Processes one file: the same code for a local file and for an object from S3."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from . import outputs
from .blocks import BLOCK_BYTES, Block, Ending, LongLine, Reader
from .bytewise import currencies
from .checks import Checked, check
from .contract import AMOUNT_SCALE, MAX_LINE_BYTES, FileReason, Reason
from .control import Control, read_trailer
from .duplicates import SeenIds
from .structure import Lines, Reject, split
from .totals import Totals

_EXPECTED_LINES_MARGIN = 1.05


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a file. Line counts reach as far as the file was read as lines."""

    file_reason: FileReason | None
    lines: int
    """Data lines; always accepted + rejected."""
    accepted: int
    rejected: int
    reasons: dict[str, int]
    """Reason -> lines that carry it, in contract order."""
    control: Control
    sha256: str
    """Of all bytes of the file, hexadecimal."""
    size: int
    """Bytes of the file."""

    @property
    def status(self) -> Literal["processed", "rejected"]:
        """`rejected` if the file as a whole is bad."""
        return "processed" if self.file_reason is None else "rejected"

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that belong to this outcome: a rejected file publishes no accepted rows."""
        if self.file_reason is None:
            return (outputs.ACCEPTED, outputs.REJECTED, outputs.TOTALS, outputs.SUMMARY)
        return (outputs.REJECTED, outputs.SUMMARY)

    def report(self) -> dict[str, Any]:
        """The content of summary.json."""
        return {
            "outcome": self.status,
            "file_reason": self.file_reason and self.file_reason.value,
            "lines": self.lines,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "reasons": self.reasons,
            "control": self.control.report(),
            "sha256": self.sha256,
        }


def process(
    source: BinaryIO, directory: Path, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES
) -> Outcome:
    """Read `source` (a seekable file opened unbuffered) once and write the result files into `directory`.

    Raises OSError if reading or writing fails; `directory` then holds incomplete files.
    """
    reader = Reader(source, block_bytes=block_bytes, max_line_bytes=max_line_bytes)
    with ExitStack() as stack:
        accepted = stack.enter_context(outputs.AcceptedWriter(directory / outputs.ACCEPTED))
        rejected = stack.enter_context(outputs.RejectedWriter(directory / outputs.REJECTED))
        totals = Totals(currencies(), directory)
        run = _Run(source, accepted, rejected, totals, max_line_bytes=max_line_bytes)
        reason = reader.open()
        ending = run.consume(reader) if reason is None else Ending()
    declared = read_trailer(ending.trailer) if ending.trailer is not None else None
    control = Control(declared=declared, count=run.lines, amount=run.amount)
    outcome = Outcome(
        file_reason=reason or _ending_reason(ending, control),
        lines=run.lines,
        accepted=run.accepted,
        rejected=rejected.lines,
        reasons=rejected.reasons,
        control=control,
        sha256=reader.drain(),
        size=reader.size,
    )
    if outcome.file_reason is None:
        totals.write(directory / outputs.TOTALS)
    else:
        (directory / outputs.ACCEPTED).unlink()
    outputs.write_summary(directory / outputs.SUMMARY, outcome.report())
    return outcome


def _ending_reason(ending: Ending, control: Control) -> FileReason | None:
    if ending.early:
        return FileReason.TRAILER_EARLY
    if ending.trailer is None:
        return FileReason.TRAILER_MISSING
    if control.declared is None:
        return FileReason.TRAILER_FORMAT
    return control.mismatch


class _Run:
    """The state that is carried from block to block."""

    def __init__(
        self,
        source: BinaryIO,
        accepted: outputs.AcceptedWriter,
        rejected: outputs.RejectedWriter,
        totals: Totals,
        *,
        max_line_bytes: int,
    ) -> None:
        self._descriptor = source.fileno()
        self._accepted_writer = accepted
        self._rejected_writer = rejected
        self._max_line_bytes = max_line_bytes
        self._seen: SeenIds | None = None
        self._totals = totals
        self.lines = 0
        self.accepted = 0
        self.amount = Decimal(0).scaleb(-AMOUNT_SCALE)

    def consume(self, reader: Reader) -> Ending:
        """Take everything the reader hands out, up to the ending."""
        for unit in reader.units():
            match unit:
                case Block():
                    self._add_block(unit)
                case LongLine():
                    self._rejected_writer.write_long(unit.line, Reason.COLUMNS.bit, unit.pieces)
                    self.lines += 1
                case Ending():
                    self._seen = None  # its memory is wanted for the totals
                    return unit
        raise RuntimeError("the reader stopped without an ending")

    def _add_block(self, block: Block) -> None:
        lines = Lines(block)
        cut = split(lines, max_line_bytes=self._max_line_bytes)
        checked = check(cut)
        self._mark_duplicates(cut.frame, checked, block, len(lines))
        self.lines += len(lines)
        self.amount += Decimal(checked.amount.sum() or 0)
        good = checked.reasons == 0
        self._accept(cut.frame, checked, good)
        bad = np.flatnonzero(~good)
        numbers = cut.frame["line"].gather(bad).to_list()
        rejects = [
            Reject(line=line, reasons=reasons, raw=lines.raw(line - block.first_line))
            for line, reasons in zip(numbers, checked.reasons[bad].tolist(), strict=True)
        ]
        self._rejected_writer.write(sorted(rejects + cut.rejects, key=lambda reject: reject.line))

    def _mark_duplicates(self, frame: pl.DataFrame, checked: Checked, block: Block, lines: int) -> None:
        if self._seen is None:
            file_bytes = os.fstat(self._descriptor).st_size
            expected = int(file_bytes / block.size * lines * _EXPECTED_LINES_MARGIN)
            self._seen = SeenIds(read_at=self._read_at, file_bytes=file_bytes, expected_lines=expected)
        rows = np.flatnonzero(checked.has_id)
        part = frame if len(rows) == len(frame) else frame[rows]
        repeated = self._seen.add(part["transaction_id"], part["offset"].to_numpy())
        checked.reasons[rows[repeated]] |= np.uint32(Reason.DUPLICATE.bit)

    def _read_at(self, position: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, position)

    def _accept(self, frame: pl.DataFrame, checked: Checked, good: npt.NDArray[np.bool_]) -> None:
        dates = {"booking_date": checked.booking_date, "value_date": checked.value_date}
        frame = frame.with_columns(**dates, amount=checked.amount)
        currency = checked.currency
        if not good.all():
            frame, currency = frame.filter(pl.Series(good)), currency[good]
        self.accepted += len(frame)
        self._accepted_writer.write(frame)
        self._totals.add(frame["debtor_account"], currency, frame["booking_date"], frame["amount"])
