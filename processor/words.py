"""Eight bytes at a time: unaligned words of a buffer, and digits in them (SWAR)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

PADDING = 16
"""Unused bytes that a buffer needs behind its last text, as words are read from any position."""

ZEROS = np.uint64(0x3030303030303030)
HIGH_BITS = np.uint64(0x8080808080808080)
_ABOVE_NINE = np.uint64(0x7676767676767676)


def pairs(buffer: Bytes) -> npt.NDArray[np.uint16]:
    """The little-endian two-byte word at every position."""
    return np.ndarray((len(buffer) - 1,), "<u2", buffer=buffer.data, strides=(1,))


def quads(buffer: Bytes) -> npt.NDArray[np.uint32]:
    """The little-endian four-byte word at every position."""
    return np.ndarray((len(buffer) - 3,), "<u4", buffer=buffer.data, strides=(1,))


def words(buffer: Bytes) -> Words:
    """The little-endian eight-byte word at every position."""
    return np.ndarray((len(buffer) - 7,), "<u8", buffer=buffer.data, strides=(1,))


def over_nine(digits: Words) -> Words:
    """Has one of HIGH_BITS set if any byte of a word is over nine; otherwise none."""
    return (digits + _ABOVE_NINE) | digits


def eight_digits(digits: Words) -> npt.NDArray[np.int64]:
    """The number that eight digits (0 to 9 a byte, the first one lowest) stand for."""
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    digits &= np.uint64(0x00FF00FF00FF00FF)
    digits = digits * np.uint64(100) + (digits >> np.uint64(16))
    digits &= np.uint64(0x0000FFFF0000FFFF)
    digits = digits * np.uint64(10_000) + (digits >> np.uint64(32))
    return (digits & np.uint64(0xFFFFFFFF)).view(np.int64)
