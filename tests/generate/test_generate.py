"""The generator's truth is what an independent reading of its files finds."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.generate import KINDS, Truth, generate
from tests.processor.oracle import Expected, expect


def generated(
    transactions: int, seed: int = 1, bad_share: float = 0.2, kinds: tuple[str, ...] = tuple(KINDS)
) -> tuple[Truth, bytes]:
    target = io.BytesIO()
    truth = generate(target, transactions=transactions, seed=seed, bad_share=bad_share, kinds=kinds)
    return truth, target.getvalue()


def assert_true(truth: Truth, data: bytes) -> Expected:
    expected = expect(data)
    assert expected.file_reason is None
    assert truth.size == len(data)
    assert (truth.lines, truth.accepted, truth.rejected) == (
        expected.lines,
        len(expected.accepted),
        len(expected.rejected),
    )
    assert truth.reasons == dict(expected.reasons)
    assert truth.control_sum == expected.amount
    return expected


def test_all_kinds() -> None:
    truth, data = generated(5_000, bad_share=0.3)
    assert truth.lines == 5_000
    assert truth.rejected == 1_500
    assert set(truth.kinds) == set(KINDS)
    assert max(truth.kinds.values()) - min(truth.kinds.values()) <= 1
    assert_true(truth, data)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind(kind: str) -> None:
    truth, data = generated(400, seed=3, bad_share=0.5, kinds=(kind,))
    expected = assert_true(truth, data)
    assert truth.rejected == 200
    assert {reasons for _, reasons, _ in expected.rejected} == {"|".join(KINDS[kind].reasons)}


@given(
    transactions=st.integers(0, 60),
    seed=st.integers(0, 2**64),
    bad_share=st.floats(0, 1),
    kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, unique=True),
)
@settings(deadline=None, max_examples=60)
def test_any_order(transactions: int, seed: int, bad_share: float, kinds: list[str]) -> None:
    truth, data = generated(transactions, seed, bad_share, tuple(kinds))
    assert truth.lines == transactions
    assert_true(truth, data)


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    first, second, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    truths = [
        generate(path, transactions=3_000, seed=seed, bad_share=0.1)
        for path, seed in ((first, 5), (second, 5), (other, 6))
    ]
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()
    assert truths[0] == truths[1]


def test_ids_are_unique_and_accounts_repeat() -> None:
    _, data = generated(20_000, bad_share=0)
    rows = expect(data).accepted
    assert len({row[1] for row in rows}) == len(rows)
    assert max(Counter(row[4] for row in rows).values()) > 5


@pytest.mark.parametrize(
    "arguments",
    [
        {"transactions": -1},
        {"transactions": 1, "bad_share": 1.5},
        {"transactions": 1, "kinds": ("no_such",)},
        {"transactions": 1, "bad_share": 0.5, "kinds": ()},
    ],
)
def test_senseless_arguments(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"transactions|unknown kinds|at least one kind"):
        generate(io.BytesIO(), **arguments)  # type: ignore[arg-type]
