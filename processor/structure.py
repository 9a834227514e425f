"""Splits a block of lines into nine columns, or says why a line cannot be split.

Where a line ends, how many fields it has and which of its commas stand inside quotes is decided here, on the bytes, for
all lines of a block at once. The columns are views of the block's own bytes: no CSV reader has a say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from .blocks import Block
from .contract import COLUMNS, MAX_LINE_BYTES, Reason
from .quotes import Quotes
from .views import text_series

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_LF, _CR, _COMMA, _DELETE = b"\n\r,\x7f"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_QUOTED = rb'"(?:[^"]|"")*+"'
_STRICT = re.compile(rb'(?:%b|[^",]*+)(?:,(?:%b|[^",]*+))*+' % (_QUOTED, _QUOTED))
_QUOTED_FIELD = re.compile(_QUOTED)


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A line that was not accepted."""

    line: int
    reasons: int
    """Mask of Reason bits."""
    raw: bytes
    """The line without its line end."""


class Lines:
    """The line boundaries of one block. Arrays have one entry a line; positions are within the block."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.buffer = np.frombuffer(block.data, np.uint8)
        self.data = self.buffer[: block.size]
        low = np.flatnonzero(self.data < 32)
        is_stop = self.data[low] == _LF
        self.stops: Positions = low[is_stop]
        self.starts: Positions = np.concatenate(([0], self.stops[:-1] + 1))
        others = low[~is_stop]
        line_end = (self.data[others] == _CR) & (self.buffer[others + 1] == _LF)
        if not block.terminated:
            line_end &= others != len(self.data) - 2
        self.ends: Positions = self.stops.copy()
        self.ends[self.line_of(others[line_end])] -= 1
        self.controls: Positions = others[~line_end]

    def __len__(self) -> int:
        return len(self.stops)

    def line_of(self, positions: Positions) -> Positions:
        """Index of the line in which each position lies."""
        return np.searchsorted(self.stops, positions)

    def raw(self, index: int) -> bytes:
        """The bytes of one line without its line end."""
        return self.block.data[self.starts[index] : self.ends[index]]


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Where the nine fields of some lines are. Shape of the arrays: nine by lines."""

    buffer: npt.NDArray[np.uint8]
    """The block's bytes and what had to be rewritten, with PADDING unused bytes at the end."""
    starts: Positions
    ends: Positions


@dataclass(frozen=True, kw_only=True)
class Split:
    """The lines of a block, each either in the frame or among the rejects."""

    frame: pl.DataFrame
    """Columns `line` and `offset` (in the file, bytes), then the nine fields as text; in line order."""
    fields: Fields
    """The same fields as bytes."""
    rejects: list[Reject]


def split(lines: Lines, *, max_line_bytes: int = MAX_LINE_BYTES) -> Split:
    """Cut every line of the block that can be cut."""
    separates = lines.data == _COMMA
    separates[lines.stops] = True
    separators = np.flatnonzero(separates)
    quotes = Quotes(lines.data, lines.starts, lines.stops) if b'"' in lines.block.data else None
    if quotes is not None:
        separators = np.delete(separators, quotes.inside(separators))
    last = np.searchsorted(separators, lines.stops)
    first = np.concatenate(([0], last[:-1] + 1))
    bad = (last - first + 1 != len(COLUMNS)) | (lines.ends - lines.starts > max_line_bytes)
    bad[lines.line_of(lines.controls)] = True
    if b"\x7f" in lines.block.data:
        bad[lines.line_of(np.flatnonzero(lines.data == _DELETE))] = True
    if quotes is not None:
        bad[quotes.resolve(separators)] = True
    _mark_invalid_text(lines, bad)
    good = np.flatnonzero(~bad)
    ends = np.ascontiguousarray(separators[first[good] + np.arange(len(COLUMNS))[:, np.newaxis]])
    starts = np.concatenate((lines.starts[good][np.newaxis], ends[:-1] + 1))
    ends[-1] = lines.ends[good]
    buffer = lines.buffer
    if quotes is not None:
        buffer = quotes.take_off(buffer, starts, ends, lines=good, first=first)
    fields = Fields(buffer=buffer, starts=starts, ends=ends)
    columns = dict(zip(COLUMNS, text_series(buffer, starts, ends), strict=True))
    numbers = {"line": lines.block.first_line + good, "offset": lines.block.offset + lines.starts[good]}
    rejects = [
        Reject(line=lines.block.first_line + index, reasons=line_reasons(raw, max_line_bytes=max_line_bytes), raw=raw)
        for index in np.flatnonzero(bad).tolist()
        for raw in (lines.raw(index),)
    ]
    return Split(frame=pl.DataFrame({**numbers, **columns}), fields=fields, rejects=rejects)


def line_reasons(raw: bytes, *, max_line_bytes: int = MAX_LINE_BYTES) -> int:
    """Mask of all that keeps a line from being cut into nine fields; 0 if nothing does.

    The number of fields is known only where the quotes can be resolved, so COLUMNS is not looked for beside QUOTING.
    """
    if len(raw) > max_line_bytes:
        return Reason.COLUMNS.bit
    reasons = Reason.CONTROL_CHARACTER.bit if _CONTROL.search(raw) else 0
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        reasons |= Reason.ENCODING.bit
    if b'"' in raw:
        if _STRICT.fullmatch(raw) is None:
            return reasons | Reason.QUOTING.bit
        raw = _QUOTED_FIELD.sub(b"", raw)
    if raw.count(b",") + 1 != len(COLUMNS):
        reasons |= Reason.COLUMNS.bit
    return reasons


def _mark_invalid_text(lines: Lines, bad: Flags) -> None:
    """Mark lines that are not UTF-8. Only in a block with such a line is any line looked at by itself."""
    data = pa.py_buffer(lines.block.data)
    offsets = pa.py_buffer(np.array([0, data.size], np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, data]).validate(full=True)
    except pa.ArrowInvalid:
        for index in np.unique(lines.line_of(_doubtful(lines.data))).tolist():
            try:
                lines.raw(index).decode("utf-8")
            except UnicodeDecodeError:
                bad[index] = True


def _doubtful(data: npt.NDArray[np.uint8]) -> Positions:
    """Positions of the bytes outside ASCII that are no part of a well-formed sequence of two (C2 to DF, 80 to BF)."""
    high = np.flatnonzero(data >= 0x80)
    values = data[high]
    leads = (values >= 0xC2) & (values <= 0xDF)
    follows = np.zeros(len(high), np.bool_)
    follows[1:] = leads[:-1] & (values[1:] <= 0xBF) & (high[1:] == high[:-1] + 1)
    explained = follows.copy()
    explained[:-1] |= leads[:-1] & follows[1:]
    return high[~explained]
