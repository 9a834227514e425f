"""Work on the distinct values of a column, and bring the answers back to its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl


class Distinct:
    """A text column of few distinct values, and the code of each."""

    def __init__(self, column: pl.Series, categories: pl.Categories | None = None) -> None:
        # A category set of its own for every column of every block, so that nothing is remembered beyond it.
        encoded = column.cast(pl.Categorical(categories or pl.Categories.random()))
        unique = encoded.unique()
        self.codes: npt.NDArray[np.uint32] = encoded.to_physical().to_numpy()
        """One entry a row."""
        self.values: pl.Series = unique.cast(pl.String)
        """One entry a distinct value."""
        self._value_codes: npt.NDArray[np.uint32] = unique.to_physical().to_numpy()

    def spread(self, answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """From one answer a value to one answer a row."""
        if not len(self.codes):
            return answers[:0]
        table = np.zeros(int(self._value_codes.max()) + 1, answers.dtype)
        table[self._value_codes] = answers
        return table[self.codes]
