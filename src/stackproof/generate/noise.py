"""Numbers that look random and are the same everywhere: SplitMix64 over row numbers, no library's generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_STEP = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))
_MASK = (1 << 64) - 1


def noise(seed: int, stream: int, first: int, count: int) -> Words:
    """64-bit numbers for rows `first` to `first + count`; all different within one seed and stream.

    Source of the function: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
    """
    start = np.uint64((seed * 0xD1342543DE82EF95 + stream * 0xDA942042E4DD58B5 + first * _STEP) & _MASK)
    words = start + np.arange(count, dtype=np.uint64) * np.uint64(_STEP)
    for shift, factor in _ROUNDS:
        words ^= words >> np.uint64(shift)
        words *= np.uint64(factor)
    return words
