"""Duplicates over the whole file: the first line of an id wins, and a hash alone never decides."""

from __future__ import annotations

from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.bloom import BloomFilter
from processor.duplicates import SeenIds

from .lines import file_of, line
from .runs import agree


def reasons_by_line(data: bytes, **limits: int) -> dict[int, str]:
    return {number: reasons for number, reasons, _ in agree(data, **limits).rejected}


@pytest.mark.parametrize("block_bytes", [1 << 20, 50])
def test_first_line_wins_even_if_it_is_rejected(block_bytes: int) -> None:
    data = file_of(line(1, currency="ZZZ"), line(2), line(1), line(1, type="x"), line(2), line(3))
    assert reasons_by_line(data, block_bytes=block_bytes) == {
        2: "CURRENCY",
        4: "DUPLICATE",
        5: "DUPLICATE|TYPE",
        6: "DUPLICATE",
    }


def test_lines_without_an_id_have_no_duplicates() -> None:
    torn = line(1).rpartition(b",")[0]
    data = file_of(
        torn, line(1), torn, line(1, transaction_id="x"), line(2, transaction_id="x"), line(2) + b"\xff", line(2)
    )
    assert "DUPLICATE" not in "".join(reasons_by_line(data).values())


def test_quoted_id_is_the_same_id() -> None:
    data = file_of(line(1), line(1, transaction_id='"TX000001"'), line(2, transaction_id='"TX000002"'), line(2))
    assert reasons_by_line(data, block_bytes=60) == {3: "DUPLICATE", 5: "DUPLICATE"}


def test_shortest_lines_with_an_id() -> None:
    raws = [number.encode() + b",,,,,,,," for number in ("AAAAA1", "AAAAA2", "AAAAA1", "AAAAA3", "AAAAA2")]
    duplicates = [
        number for number, reasons in reasons_by_line(file_of(*raws), block_bytes=17).items() if "DUPL" in reasons
    ]
    assert duplicates == [4, 6]


@given(
    ids=st.lists(st.integers(0, 12), max_size=60),
    block=st.integers(1, 7),
    buckets=st.sampled_from([1, 2, 5, 2**64 - 1]),
)
@settings(deadline=None, max_examples=150)
def test_collisions_make_no_duplicates(ids: list[int], block: int, buckets: int) -> None:
    """With a hash of only a few values, and with its highest and lowest one, over merged runs and block borders."""
    names = [f"ID{number:06d}" for number in ids]
    starts = [17 + 11 * position for position in range(len(names))]
    file = b"x" * 16 + b"\n" + b"".join(f"{name},x\n".encode() for name in names)

    def hashing(texts: pl.Series) -> np.ndarray:
        numbers = texts.str.slice(2).cast(pl.UInt64).to_numpy()
        return np.uint64(2**64 - 1) - numbers % np.uint64(buckets)

    seen = SeenIds(
        read_at=lambda position, size: file[position : position + size],
        file_bytes=len(file),
        expected_lines=10,
        hashing=hashing,
    )
    found = list(
        chain.from_iterable(
            seen.add(pl.Series(names[at : at + block]), np.array(starts[at : at + block], np.int64)).tolist()
            for at in range(0, len(names), block)
        )
    )
    assert found == [name in names[:position] for position, name in enumerate(names)]


def test_files_over_32_gib_are_addressed() -> None:
    far = 5 << 35
    window = b"\nABCDEF,x"
    seen = SeenIds(
        read_at=lambda position, size: window.ljust(size) if position == far - 1 else b"",
        file_bytes=far * 2,
        expected_lines=10,
    )
    assert seen.add(pl.Series(["ABCDEF"]), np.array([far])).tolist() == [False]
    assert seen.add(pl.Series(["ABCDEF"]), np.array([far + 100])).tolist() == [True]


@given(added=st.lists(st.integers(0, 2**64 - 1)), asked=st.lists(st.integers(0, 2**64 - 1)))
def test_filter_never_misses(added: list[int], asked: list[int]) -> None:
    bloom = BloomFilter(16)
    bloom.add(np.array(sorted(added), np.uint64))
    assert bloom.may_contain(np.array(added, np.uint64)).all()
    assert len(bloom.may_contain(np.array(asked, np.uint64))) == len(asked)
