"""What comes before what."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.deploy.model import TemplateError
from stackproof.embedded.deploy.order import order, references


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": [{"Ref": "X"}, {"Fn::GetAtt": ["Y", "Arn"]}]}, {"X", "Y"}),
        ({"Fn::Sub": "${X}-${Y.Arn}-${!Z}-${AWS::Region}"}, {"X", "Y", "AWS::Region"}),
        ({"Fn::Sub": ["${x}-${Y}", {"x": {"Ref": "X"}}]}, {"X", "Y"}),
        ({"Fn::If": ["Yes", {"Ref": "X"}, {"Ref": "Y"}]}, {"X"}),
        ({"Fn::If": ["No", {"Ref": "X"}, {"Ref": "Y"}]}, {"Y"}),
        ({"Fn::Join": ["", ["a", {"Ref": "X"}]]}, {"X"}),
        ("X", set()),
    ],
)
def test_references(value: Any, found: set[str]) -> None:
    assert set(references(value, lambda condition: condition == "Yes")) == found


def test_a_circle_is_shown() -> None:
    with pytest.raises(TemplateError, match="B -> C -> D -> B"):
        order({"A": {"B"}, "B": {"C"}, "C": {"D"}, "D": {"B"}})


def test_the_order_of_the_template_is_kept_where_it_can_be() -> None:
    assert order({"C": set(), "A": {"B"}, "B": set()}) == ["C", "B", "A"]


graphs = st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True, min_size=1, max_size=12).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sets(st.sampled_from(names), max_size=3) for name in names})
)


@given(graphs)
def test_each_comes_after_what_it_needs_or_there_is_a_circle(edges: dict[str, set[str]]) -> None:
    try:
        names = order(edges)
    except TemplateError as error:
        circle = str(error).split(": ")[1].rstrip(".").split(" -> ")
        assert circle[0] == circle[-1]
        assert all(after in edges[before] for before, after in pairwise(circle))
        return
    assert sorted(names) == sorted(edges)
    assert all(names.index(needed) < names.index(name) for name in names for needed in edges[name])
