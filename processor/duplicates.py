"""Finds repeated transaction ids over a whole file, exactly, in about 14 bytes a line.

Memory holds a 64-bit hash of every id and where in the file its line is, as sorted runs, and a Bloom filter over the
hashes so that few ids are looked up at all. Equal hashes are only a suspicion: the id is then read back from the file
and compared, so that a collision never makes a duplicate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from .bloom import BloomFilter

Hashes = npt.NDArray[np.uint64]
Grains = npt.NDArray[np.unsignedinteger[Any]]
ReadAt = Callable[[int, int], bytes]
"""(position, size) -> that part of the file."""

_GRAIN = 8
"""Positions are kept in units of this many bytes.

A line with an id is at least 8 bytes long (six characters, a comma, a line end), so that at most one of them starts in
any one grain, and 32 bits reach 32 GiB.
"""
_ID_AT_START = re.compile(rb'(?:"([A-Z0-9]{6,35})"|([A-Z0-9]{6,35})),')
_LONGEST_START = len('"') + 35 + len('",')
_RUNS_A_LEVEL = 8
_LEVELS = 2
"""Eight runs become one of the next level; runs of the last level stay as they are, which bounds the work space."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    hashes: Hashes
    grains: Grains


def hash_ids(ids: pl.Series) -> Hashes:
    """64-bit hashes of texts."""
    return ids.hash(seed=0).to_numpy()


class SeenIds:
    """The ids of all lines so far; the first line of an id wins."""

    def __init__(
        self,
        *,
        read_at: ReadAt,
        file_bytes: int,
        expected_lines: int,
        hashing: Callable[[pl.Series], Hashes] = hash_ids,
    ) -> None:
        self._read_at = read_at
        self._hashing = hashing
        self._grain_type: type[np.unsignedinteger[Any]] = np.uint32 if file_bytes < _GRAIN << 32 else np.uint64
        self._filter = BloomFilter(expected_lines)
        self._levels: list[list[_Run]] = [[] for _ in range(_LEVELS)]

    def add(self, ids: pl.Series, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Remember well-formed `ids`, whose lines start at `offsets`; True where an earlier line had the id."""
        hashes = self._hashing(ids)
        order = pl.Series(hashes).arg_sort().to_numpy().astype(np.int64)
        ordered = hashes[order]
        suspects = self._filter.may_contain(ordered)
        suspects[1:] |= ordered[1:] == ordered[:-1]
        repeated = np.zeros(len(ids), np.bool_)
        groups = list(self._groups(ordered, order, np.unique(ordered[suspects])))
        if groups:
            rows = np.concatenate([rows for rows, _ in groups])
            texts = iter(ids.gather(rows).to_list())
            repeated[rows] = [
                repeats for group, grains in groups for repeats in self._repeats(islice(texts, len(group)), grains)
            ]
        fresh = ~repeated[order]
        self._remember(ordered[fresh], offsets[order[fresh]])
        return repeated

    def _groups(
        self, ordered: Hashes, order: npt.NDArray[np.int64], values: Hashes
    ) -> Iterator[tuple[npt.NDArray[np.int64], list[int]]]:
        """For each hash that occurs more than once: its rows in line order, the grains of its earlier lines."""
        earlier = self._earlier(values)
        firsts, lasts = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
        for index in np.flatnonzero((lasts - firsts > 1) | np.isin(np.arange(len(values)), list(earlier))).tolist():
            yield np.sort(order[firsts[index] : lasts[index]]), earlier.get(index, [])

    def _earlier(self, values: Hashes) -> dict[int, list[int]]:
        """Index into `values` -> grains of the earlier lines with that hash."""
        found: dict[int, list[int]] = {}
        for run in chain.from_iterable(self._levels):
            firsts, lasts = np.searchsorted(run.hashes, values, "left"), np.searchsorted(run.hashes, values, "right")
            for index in np.flatnonzero(lasts > firsts).tolist():
                found.setdefault(index, []).extend(run.grains[firsts[index] : lasts[index]].tolist())
        return found

    def _repeats(self, ids: Iterable[str], grains: list[int]) -> list[bool]:
        """Which of `ids`, in line order and of equal hash, stand in an earlier line."""
        seen = {self._id_in(grain) for grain in grains}
        repeats = []
        for identifier in ids:
            repeats.append(identifier in seen)
            seen.add(identifier)
        return repeats

    def _id_in(self, grain: int) -> str:
        """The id of the one line with an id that starts in this grain of the file."""
        start = grain * _GRAIN - 1
        window = self._read_at(start, 1 + _GRAIN + _LONGEST_START)
        for position in range(_GRAIN):
            match = _ID_AT_START.match(window, position + 1) if window[position : position + 1] == b"\n" else None
            if match:
                return (match[1] or match[2]).decode("ascii")
        raise RuntimeError(f"no transaction id at byte {start}: the file changed while it was read")

    def _remember(self, hashes: Hashes, offsets: npt.NDArray[np.int64]) -> None:
        self._filter.add(hashes)
        run = _Run(hashes=hashes, grains=(offsets // _GRAIN).astype(self._grain_type))
        for level in self._levels[:-1]:
            level.append(run)
            if len(level) < _RUNS_A_LEVEL:
                return
            run = _merge(level)
            level.clear()
        self._levels[-1].append(run)


def _merge(runs: list[_Run]) -> _Run:
    hashes = np.concatenate([run.hashes for run in runs])
    order = pl.Series(hashes).arg_sort().to_numpy()
    return _Run(hashes=hashes[order], grains=np.concatenate([run.grains for run in runs])[order])
