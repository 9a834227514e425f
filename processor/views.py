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

from .words import quads

_INLINE = 12
_MASKS = np.array(
    [[(1 << 8 * min(4, max(0, length - 4 * word))) - 1 for length in range(_INLINE + 1)] for word in range(3)],
    np.uint32,
)
"""By word of an inline text and its length: the bits of the word that belong to the text."""


def text_series(
    buffer: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> Iterator[pl.Series]:
    """One text column for each row of `starts` and `ends`; the texts must be UTF-8 and the buffer under 2 GiB."""
    words = quads(buffer)
    shared = pa.py_buffer(buffer)
    for start, end in zip(starts, ends, strict=True):
        views = _views(words, start, (end - start).astype(np.uint32))
        array = pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views), shared])
        series = pl.from_arrow(array)
        assert isinstance(series, pl.Series)
        yield series


def _views(
    words: npt.NDArray[np.uint32], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint32]:
    views = np.zeros((len(starts), 4), np.uint32)
    views[:, 0] = lengths
    inline = lengths <= _INLINE
    if inline.all():
        for word in range(3):
            views[:, 1 + word] = words[starts + 4 * word] & _MASKS[word][lengths]
        return views
    views[:, 1] = words[starts]
    views[:, 3] = starts
    rows = np.flatnonzero(inline)
    for word in range(3):
        views[rows, 1 + word] = words[starts[rows] + 4 * word] & _MASKS[word][lengths[rows]]
    return views
