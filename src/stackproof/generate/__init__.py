"""Transaction files made to order: deterministic, with a known number of each kind of bad line.

Knows the file contract on its own and shares no code with the processor that it is used to test.
"""

from .files import Truth, generate
from .spoil import KINDS

__all__ = ["KINDS", "Truth", "generate"]
