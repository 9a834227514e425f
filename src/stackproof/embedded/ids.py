"""Seeded identifiers: the same session makes the same ids, so that a run can be compared with another."""

import random
import uuid
from contextlib import ExitStack
from typing import Any
from unittest import mock

from moto.moto_api._internal import mock_random


class Ids:
    """The session's source of random ids: handlers' `uuid4`, moto's ids, and the embedded AWS's own."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._stack = ExitStack()

    def start(self) -> None:
        """From here on `uuid.uuid4` and moto draw from the seed."""
        mock_random.seed(self._seed)
        self._stack.enter_context(mock.patch("uuid.uuid4", self.uuid4))

    def stop(self) -> None:
        """Give real randomness back."""
        self._stack.close()

    def uuid4(self) -> uuid.UUID:
        """A version 4 UUID of the seeded sequence."""
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def state(self) -> dict[str, Any]:
        """Plain data from which `restore` goes on with the same sequence."""
        return {"own": self._random.getstate(), "moto": mock_random.getstate()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with a saved sequence."""
        self._random.setstate(state["own"])
        mock_random.setstate(state["moto"])
