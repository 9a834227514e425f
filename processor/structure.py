"""Splits a block of lines into nine columns, or says why a line cannot be split.

Where a line ends, how many fields it has and which of its commas stand inside quotes is decided here, on the bytes;
the data-frame engine only cuts at the commas that are left. No CSV reader is involved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from .blocks import Block
from .contract import COLUMNS, MAX_LINE_BYTES, Reason

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_LF, _CR, _QUOTE, _COMMA, _DELETE = b'\n\r",\x7f'
_HIDDEN_COMMA = 1
"""Stands for a comma inside quotes while the line is cut: a line with a real U+0001 is never cut."""

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
        self.data = np.frombuffer(block.data, np.uint8)
        low = np.flatnonzero(self.data < 32)
        is_stop = self.data[low] == _LF
        self.stops: Positions = low[is_stop]
        self.starts: Positions = np.concatenate(([0], self.stops[:-1] + 1))
        others = low[~is_stop]
        line_end = (self.data[others] == _CR) & (self.data[np.minimum(others + 1, len(self.data) - 1)] == _LF)
        if not block.terminated:
            line_end &= others != len(self.data) - 2
        self.ends: Positions = self.stops.copy()
        self.ends[self.line_of(others[line_end])] -= 1
        self.controls: Positions = others[~line_end]
        self.has_carriage_returns = bool(line_end.any())

    def __len__(self) -> int:
        return len(self.stops)

    def line_of(self, positions: Positions) -> Positions:
        """Index of the line in which each position lies."""
        return np.searchsorted(self.stops, positions)

    def raw(self, index: int) -> bytes:
        """The bytes of one line without its line end."""
        return self.block.data[self.starts[index] : self.ends[index]]


@dataclass(frozen=True, kw_only=True)
class Split:
    """The lines of a block, each either in the frame or among the rejects."""

    frame: pl.DataFrame
    """Columns `line` and `offset` (in the file, bytes), then the nine fields as text; in line order."""
    rejects: list[Reject]


def split(lines: Lines, *, max_line_bytes: int = MAX_LINE_BYTES) -> Split:
    """Cut every line of the block that can be cut."""
    work = lines.data.copy()
    work[lines.stops] = _COMMA
    commas = np.flatnonzero(lines.data == _COMMA)
    fields = np.searchsorted(commas, lines.stops) - np.searchsorted(commas, lines.starts) + 1
    quotes = np.flatnonzero(lines.data == _QUOTE) if b'"' in lines.block.data else np.empty(0, np.int64)
    quoted = np.unique(lines.line_of(quotes))
    if len(quotes):
        hidden = _commas_inside_quotes(lines, commas, quotes, quoted)
        work[hidden] = _HIDDEN_COMMA
        fields -= np.bincount(lines.line_of(hidden), minlength=len(lines))
    bad = (fields != len(COLUMNS)) | (lines.ends - lines.starts > max_line_bytes)
    bad[lines.line_of(lines.controls)] = True
    if b"\x7f" in lines.block.data:
        bad[lines.line_of(np.flatnonzero(lines.data == _DELETE))] = True
    frame = _cut(lines, work, bad)
    if len(quoted):
        frame, misquoted = _unquote(frame, lines, quoted, bad)
        bad[misquoted] = True
    rejects = [
        Reject(line=lines.block.first_line + index, reasons=line_reasons(raw, max_line_bytes=max_line_bytes), raw=raw)
        for index in np.flatnonzero(bad).tolist()
        for raw in (lines.raw(index),)
    ]
    return Split(frame=frame, rejects=rejects)


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
    if b'"' in raw and _STRICT.fullmatch(raw) is None:
        return reasons | Reason.QUOTING.bit
    if _QUOTED_FIELD.sub(b"", raw).count(b",") + 1 != len(COLUMNS):
        reasons |= Reason.COLUMNS.bit
    return reasons


def _commas_inside_quotes(lines: Lines, commas: Positions, quotes: Positions, quoted: Positions) -> Positions:
    """Commas with an odd number of quotes before them on their line.

    In a line whose quotes are strict that is exactly a comma inside a quoted field. In any other line at least one of
    the pieces that result is not strictly quoted, and `_unquote` finds it.
    """
    first = np.searchsorted(commas, lines.starts[quoted])
    counts = np.searchsorted(commas, lines.stops[quoted]) - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    candidates = commas[np.repeat(first, counts) + within]
    before_line = np.searchsorted(quotes, lines.starts[quoted])
    before_comma = np.searchsorted(quotes, candidates) - np.repeat(before_line, counts)
    inside: Positions = candidates[before_comma % 2 == 1]
    return inside


def _cut(lines: Lines, work: npt.NDArray[np.uint8], bad: Flags) -> pl.DataFrame:
    """The lines that are not bad, cut at the commas of `work`; marks lines that are not UTF-8 as bad."""
    try:
        text = pl.Series([_without(lines, work, bad)], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        _mark_invalid_text(lines, bad)
        text = pl.Series([_without(lines, work, bad)], dtype=pl.Binary).cast(pl.String)
    good = np.flatnonzero(~bad)
    flat = text.str.split(",").explode() if len(good) else pl.Series([], dtype=pl.String)
    columns = {name: flat.gather_every(len(COLUMNS), offset) for offset, name in enumerate(COLUMNS)}
    if lines.has_carriage_returns:
        columns[COLUMNS[-1]] = columns[COLUMNS[-1]].str.strip_suffix("\r")
    numbers = {"line": lines.block.first_line + good, "offset": lines.block.offset + lines.starts[good]}
    return pl.DataFrame({**numbers, **columns})


def _without(lines: Lines, work: npt.NDArray[np.uint8], bad: Flags) -> bytes:
    """The lines that are not bad, joined by commas."""
    if not bad.any():
        return work[:-1].tobytes()
    edges = np.flatnonzero(np.diff(np.concatenate(([True], bad, [True]))))
    firsts, lasts = lines.starts[edges[::2]].tolist(), lines.stops[edges[1::2] - 1].tolist()
    view = work.data
    return b"".join(view[first : last + 1] for first, last in zip(firsts, lasts, strict=True))[:-1]


def _mark_invalid_text(lines: Lines, bad: Flags) -> None:
    for index in np.unique(lines.line_of(np.flatnonzero(lines.data >= 128))).tolist():
        try:
            lines.raw(index).decode("utf-8")
        except UnicodeDecodeError:
            bad[index] = True


def _unquote(frame: pl.DataFrame, lines: Lines, quoted: Positions, bad: Flags) -> tuple[pl.DataFrame, Positions]:
    """Take the quotes off; also return the lines (by index) whose quotes are not strict, which leave the frame."""
    good = np.flatnonzero(~bad)
    rows = np.flatnonzero(np.isin(good, quoted, assume_unique=True))
    part = frame[rows]
    odd = np.zeros(len(rows), np.bool_)
    columns = {}
    for name in COLUMNS:
        text = part[name]
        if not text.str.contains('"', literal=True).any():
            continue
        strict, plain = _unquote_column(text)
        odd |= ~strict
        if len(rows) == len(frame):
            columns[name] = plain
        else:
            source = np.arange(len(frame))
            source[rows] = len(frame) + np.arange(len(rows))
            columns[name] = pl.concat([frame[name], plain]).gather(source)
    frame = frame.with_columns(**columns)
    if odd.any():
        keep = np.ones(len(frame), np.bool_)
        keep[rows[odd]] = False
        frame = frame.filter(pl.Series(keep))
    return frame, good[rows[odd]]


def _unquote_column(text: pl.Series) -> tuple[Flags, pl.Series]:
    frame = text.to_frame("text").with_columns(quoted=pl.col("text").str.starts_with('"'))
    inner = pl.col("text").str.strip_prefix('"').str.strip_suffix('"')
    whole = pl.col("text").str.ends_with('"') & (pl.col("text").str.len_bytes() >= 2)
    stray = inner.str.replace_all('""', "", literal=True).str.contains('"', literal=True)
    plain = inner.str.replace_all('""', '"', literal=True).str.replace_all("\x01", ",", literal=True)
    result = frame.select(
        strict=pl.when("quoted").then(whole & ~stray).otherwise(~pl.col("text").str.contains('"', literal=True)),
        plain=pl.when("quoted").then(plain).otherwise("text"),
    )
    return result["strict"].to_numpy(), result["plain"]
