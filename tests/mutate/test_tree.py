"""Changing plain data at a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.mutate import tree

DATA = {"a": {"b": [1, {"c": 2}]}, "d": 3}


def test_replaced_shares_what_is_not_on_the_way() -> None:
    after = tree.replaced(DATA, ("a", "b", 1, "c"), 9)
    assert after == {"a": {"b": [1, {"c": 9}]}, "d": 3}
    assert DATA["a"] == {"b": [1, {"c": 2}]}


def test_replaced_makes_what_is_missing_and_appends() -> None:
    assert tree.replaced(DATA, ("x", "y"), 1)["x"] == {"y": 1}
    assert tree.replaced(DATA, ("a", "b", 2), 7)["a"]["b"] == [1, {"c": 2}, 7]


def test_removed_from_a_list_and_a_mapping() -> None:
    assert tree.removed(DATA, ("a", "b", 0)) == {"a": {"b": [{"c": 2}]}, "d": 3}
    assert tree.removed(DATA, ("d",)) == {"a": {"b": [1, {"c": 2}]}}


def test_renamed_keeps_the_order() -> None:
    assert list(tree.renamed(DATA, ("a",), "z")) == ["z", "d"]


@pytest.mark.parametrize("path", [("q",), ("a", "b", 5), ("d", "x"), ("a", "b", "c")])
def test_what_is_not_there(path: tuple[str | int, ...]) -> None:
    assert not tree.has(DATA, path)
    with pytest.raises(LookupError):
        tree.at(DATA, path)


@given(st.dictionaries(st.text(min_size=1), st.integers(), min_size=1), st.integers())
def test_what_was_put_is_there(data: dict[str, int], value: int) -> None:
    name = next(iter(data))
    assert tree.at(tree.replaced(data, (name,), value), (name,)) == value
    assert not tree.has(tree.removed(data, (name,)), (name,))
