"""How the libraries are to use threads and memory; said before they are imported, and only where nobody said otherwise.

The work on one file is a chain of small steps on blocks of one size. More threads cost CPU time (pools that wait, and
hand over) and gain little; and memory that one block has freed is what the next one needs, so it is kept instead of
being given back to the kernel, which would have to clear the pages again.
"""

import ctypes
import os

_SETTINGS = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of glibc's mallopt(3)."""
_KEEP, _PAD = 1 << 30, 64 << 20
_LARGEST = 32 << 20
"""The most that glibc accepts as the size from which memory is mapped apart."""


def tune() -> None:
    """Set what is not set. Where the C library is not glibc, memory is left to it."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for parameter, size in ((_TRIM_THRESHOLD, _KEEP), (_TOP_PAD, _PAD), (_MMAP_THRESHOLD, _LARGEST)):
        mallopt(parameter, size)
