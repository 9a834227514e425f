"""Reads a file once and cuts it into blocks of whole lines. Only LF ends a line; nothing here knows what a field is."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .contract import BYTE_ORDER_MARK, HEADER, MAGIC_NUMBERS, MAX_LINE_BYTES, TRAILER_PREFIX, FileReason
from .words import PADDING

_LF = ord("\n")
_PAD = bytes(PADDING)
BLOCK_BYTES = 16 << 20
_HEAD_BYTES = 8
_LONGEST_HEADER = len(BYTE_ORDER_MARK) + len(HEADER) + len(b"\r\n")


class Source(Protocol):
    """Where bytes come from: a binary file, or anything that reads like one."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole data lines that follow each other."""

    first_line: int
    """Physical number of the first line, from 1."""
    offset: int
    """Position of the first byte in the file."""
    data: bytes
    """The lines with their line ends, the last of them LF; then PADDING zero bytes."""
    terminated: bool = True
    """False if the last LF is not in the file, because the file ends without one."""

    @property
    def size(self) -> int:
        """Bytes of the lines."""
        return len(self.data) - PADDING


@dataclass(frozen=True, kw_only=True)
class LongLine:
    """A data line over the limit, to be read through to its end before anything else is asked for."""

    line: int
    pieces: Iterator[bytes]
    """The bytes of the line without its line end, piece by piece."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What stands where the data lines stop: a trailer as the last line, an early trailer, or nothing."""

    trailer: bytes | None = None
    """The last line without its line end, if it is a trailer."""
    early: bool = False
    """True if a line like a trailer has something after it."""


class Reader:
    """One pass over a file: the header, then blocks and long lines, then the ending. Hashes every byte it reads."""

    def __init__(self, source: Source, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._source = source
        self._block_bytes = block_bytes
        self._max_line_bytes = max_line_bytes
        self._hash = hashlib.sha256()
        self._pending = b""
        self._offset = 0
        self._line = 1
        self._ended = False
        self.size = 0
        """Bytes read so far."""

    def open(self) -> FileReason | None:
        """Read past the header; the reason if the file has no content, is compressed or has another header."""
        while len(self._pending) < _HEAD_BYTES and self._read():
            pass
        if self._pending in (b"", BYTE_ORDER_MARK):
            return FileReason.EMPTY
        if self._pending.startswith(MAGIC_NUMBERS):
            return FileReason.COMPRESSED
        while b"\n" not in self._pending and len(self._pending) < _LONGEST_HEADER and self._read():
            pass
        line, end, rest = self._pending.partition(b"\n")
        if line.removeprefix(BYTE_ORDER_MARK).removesuffix(b"\r" if end else b"") != HEADER:
            return FileReason.HEADER
        self._advance(len(line) + len(end), lines=1)
        self._pending = rest
        return None

    def units(self) -> Iterator[Block | LongLine | Ending]:
        """The data lines in order, closed by one Ending. The last line is held back until known to be it."""
        chunk = b""
        while True:
            block = self._whole_lines(chunk)
            early = _early_trailer(block)
            if early != 0 and len(block) > PADDING:
                yield self._block(block if early is None else block[:early] + _PAD)
            if early is not None:
                yield Ending(early=True)
                return
            chunk = b""
            if len(self._pending) > self._max_line_bytes + len(b"\r\n"):
                ending = yield from self._long_line()
                if ending is not None:
                    yield ending
                    return
                continue
            chunk = self._next_chunk()
            if not chunk:
                yield from self._last_line()
                return

    def drain(self) -> str:
        """Read what is left, and return the sha256 of the whole file in hexadecimal."""
        self._pending = b""
        while self._read():
            self._pending = b""
        return self._hash.hexdigest()

    def _next_chunk(self) -> bytes:
        chunk = b"" if self._ended else self._source.read(self._block_bytes)
        self._ended = not chunk
        self._hash.update(chunk)
        self.size += len(chunk)
        return chunk

    def _read(self) -> bool:
        chunk = self._next_chunk()
        self._pending += chunk
        return bool(chunk)

    def _whole_lines(self, chunk: bytes) -> bytes:
        """All of `_pending` and `chunk` up to the last LF that something follows, padded; the rest is then pending."""
        cut = chunk.rfind(b"\n", 0, -1) + 1
        if not cut:
            chunk, self._pending = self._pending + chunk, b""
            cut = chunk.rfind(b"\n", 0, -1) + 1
        block = b"".join((self._pending, memoryview(chunk)[:cut], _PAD))
        self._pending = chunk[cut:]
        return block

    def _advance(self, size: int, *, lines: int) -> None:
        self._offset += size
        self._line += lines

    def _block(self, data: bytes, *, terminated: bool = True) -> Block:
        block = Block(first_line=self._line, offset=self._offset, data=data, terminated=terminated)
        self._advance(block.size, lines=int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LF)))
        return block

    def _last_line(self) -> Iterator[Block | Ending]:
        last, self._pending = self._pending, b""
        if last.startswith(TRAILER_PREFIX):
            trailer = last[:-1].removesuffix(b"\r") if last.endswith(b"\n") else last
            yield Ending(trailer=trailer)
            return
        if last:
            terminated = last.endswith(b"\n")
            yield self._block(last + (b"" if terminated else b"\n") + _PAD, terminated=terminated)
        yield Ending()

    def _long_line(self) -> Generator[LongLine, None, Ending | None]:
        """Hand out the long line in `_pending`; return the ending if it is a trailer."""
        if not self._pending.startswith(TRAILER_PREFIX):
            yield LongLine(line=self._line, pieces=self._pieces())
            self._advance(0, lines=1)
            return None
        start = self._pending[: len(TRAILER_PREFIX)]
        for _ in self._pieces():
            pass
        follows = bool(self._pending) or self._read()
        return Ending(early=True) if follows else Ending(trailer=start)

    def _pieces(self) -> Iterator[bytes]:
        while True:
            head, end, rest = self._pending.partition(b"\n")
            if end:
                self._offset += len(head) + len(end)
                self._pending = rest
                yield head.removesuffix(b"\r")
                return
            # A CR at the end of a piece may belong to the line's end: it waits for the next piece.
            self._pending = head[-1:] if head.endswith(b"\r") else b""
            piece = head[: len(head) - len(self._pending)]
            self._offset += len(piece)
            if piece:
                yield piece
            if not self._read():
                if self._pending:
                    yield self._pending
                self._pending = b""
                return


def _early_trailer(block: bytes) -> int | None:
    """Position of the first line that starts like a trailer."""
    data = np.frombuffer(block, np.uint8)
    starts = np.flatnonzero(data == _LF) + 1
    # Most ids start with the same letter: two letters leave few lines to compare.
    first, second = TRAILER_PREFIX[:2]
    alike = starts[(data[starts] == first) & (data[starts + 1] == second)]
    return next((start for start in (0, *alike.tolist()) if block.startswith(TRAILER_PREFIX, start)), None)
