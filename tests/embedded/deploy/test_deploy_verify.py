"""Whether what was declared comes back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.deploy.verify import lost, same


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ({"A": "5"}, {"A": 5}),
        ({"A": "true"}, {"A": True}),
        ({"MinvCpus": 1}, {"minvCpus": 1, "more": 2}),
        ({"A": [1, 2]}, {"A": [2, 1]}),
        ({"Policy": {"Version": "x"}}, {"Policy": '{"Version": "x"}'}),
        ({"Body": '{"a": 1}'}, {"Body": {"a": 1}}),
        ({"A": 1}, {"A": 1.0}),
    ],
)
def test_kept(declared: Any, actual: Any) -> None:
    assert list(lost(declared, actual, "", {})) == []


@pytest.mark.parametrize(
    ("declared", "actual", "path"),
    [
        ({"A": {"B": 1}}, {"A": {}}, "A.B"),
        ({"A": [{"B": 1}]}, {"A": [{"B": 2}]}, "A[0].B"),
        ({"A": [1, 2]}, {"A": [1, 2, 3]}, "A"),
        ({"A": [1, 1]}, {"A": [1, 2]}, "A[1]"),
        ({"A": False}, {"A": 0}, "A"),
        ({"A": "x"}, {"A": None}, "A"),
        ({"A": "X"}, {"A": "x"}, "A"),
        ({"A": ["x"]}, {"A": "x"}, "A"),
    ],
)
def test_lost(declared: Any, actual: Any, path: str) -> None:
    assert [found.split(": ")[0] for found in lost(declared, actual, "", {})] == [path]


values = st.recursive(
    st.text("abc") | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("XYZ", min_size=1), inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_a_value_is_kept_by_itself_and_by_its_json(value: Any) -> None:
    assert not any(lost(value, value, "", {}))
    if isinstance(value, dict | list):
        assert not any(lost(value, json.dumps(value), "", {}))


@given(st.dictionaries(st.text("XYZ", min_size=1), values, min_size=1), st.data())
def test_what_is_taken_away_is_missed(value: dict[str, Any], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(value)))
    rest = {key: item for key, item in value.items() if key != gone}
    assert [found.split(": ")[0] for found in lost(value, rest, "", {})] == [gone]
    assert not same(value, rest)
