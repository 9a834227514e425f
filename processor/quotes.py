"""RFC 4180 quotes inside lines, for a whole block at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .words import PADDING

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_QUOTE = ord('"')


class Quotes:
    """The quotes of a block. Positions are within the block; lines are indices."""

    def __init__(self, data: npt.NDArray[np.uint8], starts: Positions, stops: Positions) -> None:
        self._data = data
        self._starts = starts
        self._stops = stops
        self._quotes: Positions = np.flatnonzero(data == _QUOTE)
        self._lines: Positions = np.searchsorted(stops, self._quotes)

    def inside(self, separators: Positions) -> Positions:
        """Indices of the separators with an odd number of quotes before them on their line, line ends left out.

        In a line whose quotes are strict these are exactly the commas inside quoted fields. In any other line at least
        one of the pieces that result is not strictly quoted, and `resolve` finds it.
        """
        quoted = np.unique(self._lines)
        first = np.searchsorted(separators, self._starts[quoted])
        counts = np.searchsorted(separators, self._stops[quoted]) - first
        candidates = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        before_line = np.repeat(np.searchsorted(self._quotes, self._starts[quoted]), counts)
        before = np.searchsorted(self._quotes, separators[candidates]) - before_line
        inside: Positions = candidates[before % 2 == 1]
        return inside

    def resolve(self, separators: Positions) -> Positions:
        """Find the quoted fields; `separators` are those that `inside` left. Returns the lines with a wrong quote.

        A field's first quote must be its first byte, its last quote its last byte, their number even, and those
        between them must stand in adjacent pairs.
        """
        ends = np.searchsorted(separators, self._quotes)
        changes = ends[1:] != ends[:-1]
        opens, closes = np.concatenate(([True], changes)), np.concatenate((changes, [True]))
        index = np.arange(len(ends))
        number = index - np.maximum.accumulate(np.where(opens, index, 0))
        start = np.where(ends > 0, separators[ends - 1] + 1, 0)
        stop = np.minimum(separators[ends], self._text_end(self._lines))
        after = np.concatenate((self._quotes[1:], [-1]))
        wrong = opens & (self._quotes != start)
        wrong |= closes & ((self._quotes != stop - 1) | (number % 2 == 0))
        wrong |= ~closes & (number % 2 == 1) & (after != self._quotes + 1)
        self._field_lines, self._field_separators = self._lines[opens], ends[opens]
        self._doubled: Flags = number[closes] > 1
        lines: Positions = np.unique(self._lines[wrong])
        return lines

    def _text_end(self, lines: Positions) -> Positions:
        """Where the text of each line ends, its CR LF or LF left out."""
        stops = self._stops[lines]
        ends: Positions = stops - (self._data[stops - 1] == ord("\r"))
        return ends

    def take_off(
        self, buffer: npt.NDArray[np.uint8], starts: Positions, ends: Positions, *, lines: Positions, first: Positions
    ) -> npt.NDArray[np.uint8]:
        """Narrow the quoted fields (arrays of nine by `lines`, all strictly quoted) to what the quotes enclose.

        `first` is the index of each line's first separator. Fields with doubled quotes are rewritten behind the block's
        bytes: the returned buffer holds them too.
        """
        places = np.searchsorted(lines, self._field_lines)
        found = np.append(lines, -1)[places] == self._field_lines
        rows, doubled = places[found], self._doubled[found]
        columns = self._field_separators[found] - first[self._field_lines[found]]
        starts[columns, rows] += 1
        ends[columns, rows] -= 1
        return _rewrite(buffer, starts, ends, columns[doubled], rows[doubled])


def _rewrite(
    buffer: npt.NDArray[np.uint8], starts: Positions, ends: Positions, columns: Positions, rows: Positions
) -> npt.NDArray[np.uint8]:
    """Make doubled quotes single ones."""
    text = buffer.data
    rewritten = [
        bytes(text[start:end]).replace(b'""', b'"')
        for start, end in zip(starts[columns, rows].tolist(), ends[columns, rows].tolist(), strict=True)
    ]
    if not rewritten:
        return buffer
    lengths = np.fromiter(map(len, rewritten), np.int64, len(rewritten))
    starts[columns, rows] = len(buffer) - PADDING + np.cumsum(lengths) - lengths
    ends[columns, rows] = starts[columns, rows] + lengths
    extra = np.frombuffer(b"".join(rewritten), np.uint8)
    return np.concatenate((buffer[:-PADDING], extra, np.zeros(PADDING, np.uint8)))
