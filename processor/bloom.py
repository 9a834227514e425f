"""A Bloom filter over 64-bit hashes whose probes all fall into one 64-bit word."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_BITS_AN_ENTRY = 16
_PROBES = 3
_SMALLEST = 1024
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_LAST_BIT = np.uint64(63)


class BloomFilter:
    """Two bytes for each expected entry; about 2 % false positives when full, more when over-full, never a miss.

    The word is chosen by the highest bits of a hash, so that sorted hashes walk through memory in one direction.
    """

    def __init__(self, expected: int) -> None:
        self._words = np.zeros(max(_SMALLEST, expected * _BITS_AN_ENTRY // 64), np.uint64)

    def may_contain(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """False only for hashes that were never added."""
        bits = _bits(hashes)
        found: npt.NDArray[np.bool_] = (self._words[self._places(hashes)] & bits) == bits
        return found

    def add(self, hashes: Hashes) -> None:
        """Add hashes, which must be sorted."""
        if not len(hashes):
            return
        places = self._places(hashes)
        firsts = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
        self._words[places[firsts]] |= np.bitwise_or.reduceat(_bits(hashes), firsts)

    def _places(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        return (((hashes >> _HALF) * np.uint64(len(self._words))) >> _HALF).astype(np.int64)


def _bits(hashes: Hashes) -> Hashes:
    bits = np.zeros(len(hashes), np.uint64)
    for probe in range(_PROBES):
        bits |= _ONE << ((hashes >> np.uint64(6 * probe)) & _LAST_BIT)
    return bits
