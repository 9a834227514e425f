"""Text columns that point into a block's bytes, in Arrow's string-view form: nothing is copied or parsed.

A view is 16 bytes: the length, then either the text itself (up to 12 bytes, the rest zero), or its first four bytes,
the number of the buffer and the position in it (Arrow columnar format, "Variable-size Binary View Layout").
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from .words import quads, words

_INLINE = 12
_HEAD = 4
_HALF = np.uint64(32)
_HEAD_MASKS = np.array([(1 << 8 * min(4, length)) - 1 for length in range(_INLINE + 1)], np.uint32)
_TAIL_MASKS = np.array([(1 << 8 * max(0, length - _HEAD)) - 1 for length in range(_INLINE + 1)], np.uint64)
"""By length of an inline text: the bits of its first four and its next eight bytes that belong to it."""


def text_series(
    buffer: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> Iterator[pl.Series]:
    """One text column for each row of `starts` and `ends`; the texts must be UTF-8 and the buffer under 2 GiB."""
    shared = pa.py_buffer(buffer)
    for start, end in zip(starts, ends, strict=True):
        views = _views(buffer, start, end - start)
        array = pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views), shared])
        series = pl.from_arrow(array)
        assert isinstance(series, pl.Series)
        yield series


def _views(
    buffer: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint64]:
    heads = quads(buffer)[starts]
    inline = lengths <= _INLINE
    if inline.all():
        heads &= _HEAD_MASKS[lengths]
        tails = words(buffer)[starts + _HEAD] & _TAIL_MASKS[lengths]
    else:
        tails = starts.astype(np.uint64) << _HALF
        rows = np.flatnonzero(inline)
        heads[rows] &= _HEAD_MASKS[lengths[rows]]
        tails[rows] = words(buffer)[starts[rows] + _HEAD] & _TAIL_MASKS[lengths[rows]]
    views = np.empty((len(starts), 2), np.uint64)
    views[:, 0] = (heads.astype(np.uint64) << _HALF) | lengths.astype(np.uint64)
    views[:, 1] = tails
    return views
