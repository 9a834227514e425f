"""Totals that do not fit in memory come out the same."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from processor.totals import Totals

DAY = datetime.date(2026, 11, 20)


@pytest.mark.parametrize("most_groups", [1, 7, 50, 10_000])
def test_parts_are_merged(most_groups: int, tmp_path: Path) -> None:
    totals = Totals(["AAA", "EUR", "ZZZ"], tmp_path, most_groups=most_groups)
    expected: dict[tuple[str, str, datetime.date], list[Decimal]] = defaultdict(list)
    for block in range(12):
        numbers = [(block * 31 + row * 7) % 97 for row in range(40)]
        accounts = [f"ACCOUNT{number % 23:05d}" for number in numbers]
        days = [DAY + datetime.timedelta(days=number % 3) for number in numbers]
        amounts = [Decimal(number + 1).scaleb(-4) + 9_999_999_999_999 for number in numbers]
        currencies = [number % 3 for number in numbers]
        totals.add(
            pl.Series(accounts),
            np.array(currencies, np.int16),
            pl.Series(days, dtype=pl.Date),
            pl.Series(amounts, dtype=pl.Decimal(18, 4)),
        )
        for account, currency, day, amount in zip(accounts, currencies, days, amounts, strict=True):
            expected[account, ("AAA", "EUR", "ZZZ")[currency], day].append(amount)
    totals.write(tmp_path / "totals.parquet")
    rows = pl.read_parquet(tmp_path / "totals.parquet").rows()
    assert rows == [(*key, len(amounts), sum(amounts)) for key, amounts in sorted(expected.items())]
    assert [path.name for path in tmp_path.iterdir()] == ["totals.parquet"]


def test_nothing_to_add(tmp_path: Path) -> None:
    Totals(["EUR"], tmp_path).write(tmp_path / "totals.parquet")
    assert pl.read_parquet(tmp_path / "totals.parquet").rows() == []
