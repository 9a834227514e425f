"""Conditions: decided where they can be, else judged in every way that is consistent, and in no other."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.template.expand import expand
from stackproof.template.model import Template
from stackproof.template.read import source


def templates(conditions: dict[str, Any], parameters: dict[str, Any], **given: str) -> tuple[Template, ...]:
    data = {
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": {
            "Always": {"Type": "AWS::SNS::Topic"},
            **{f"If{name}": {"Type": "AWS::SNS::Topic", "Condition": name} for name in conditions},
        },
    }
    return expand(source(json.dumps(data), "t.json"), given)


def worlds(found: tuple[Template, ...]) -> set[tuple[tuple[str, bool], ...]]:
    return {tuple(sorted(template.conditions.items())) for template in found}


OPEN = {"Type": "String"}
CLOSED = {"Type": "String", "AllowedValues": ["a", "b", "c"]}
OPERANDS = st.sampled_from(["P", "Q", "R"])
EQUALS = st.tuples(OPERANDS, st.sampled_from("abc")).map(lambda pair: {"Fn::Equals": [{"Ref": pair[0]}, pair[1]]})
TURNED = EQUALS.map(lambda body: {"Fn::Equals": list(reversed(body["Fn::Equals"]))})
EXPRESSIONS = st.recursive(
    EQUALS | TURNED | st.sampled_from([{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]),
    lambda inner: st.one_of(
        inner.map(lambda one: {"Fn::Not": [one]}),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::And": some}),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::Or": some}),
    ),
    max_leaves=5,
)


def truth(expression: Any, values: dict[str, str]) -> bool:
    match expression:
        case {"Fn::Equals": [one, other]}:
            sides = [values[side["Ref"]] if isinstance(side, dict) else side for side in (one, other)]
            return sides[0] == sides[1]
        case {"Fn::Not": [one]}:
            return not truth(one, values)
        case {"Fn::And": some}:
            return all(truth(one, values) for one in some)
        case {"Fn::Or": some}:
            return any(truth(one, values) for one in some)
    raise AssertionError(expression)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["A", "B", "C"]), EXPRESSIONS, min_size=1))
def test_the_variants_are_those_that_some_values_give(conditions: dict[str, Any]) -> None:
    """P is open (any value), Q and R allow three values; brute force over them, with one more value for P."""
    found = templates(conditions, {"P": OPEN, "Q": CLOSED, "R": CLOSED})
    expected = {
        tuple(sorted((name, truth(body, {"P": p, "Q": q, "R": r})) for name, body in conditions.items()))
        for p, q, r in itertools.product("abcd", "abc", "abc")
    }
    assert worlds(found) == expected
    assert len(found) == len(expected)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("ABC"), EXPRESSIONS, min_size=1), st.tuples(*[st.sampled_from("abc")] * 3))
def test_given_values_leave_one_variant(conditions: dict[str, Any], values: tuple[str, str, str]) -> None:
    given_ = dict(zip("PQR", values, strict=True))
    (template,) = templates(conditions, {"P": OPEN, "Q": CLOSED, "R": CLOSED}, **given_)
    assert template.conditions == {name: truth(body, given_) for name, body in conditions.items()}
    assert template.variant == {}


def test_a_resource_exists_where_its_condition_holds() -> None:
    found = templates({"Prod": {"Fn::Equals": [{"Ref": "P"}, "prod"]}}, {"P": OPEN})
    other, prod = sorted(found, key=lambda template: len(template.resources))
    assert list(prod.resources) == ["Always", "IfProd"]
    assert list(other.resources) == ["Always"]
    assert (prod.variant, other.variant) == ({"Prod": True}, {"Prod": False})


def test_one_parameter_has_one_value() -> None:
    conditions = {name: {"Fn::Equals": [{"Ref": "P"}, name]} for name in ("dev", "prod")}
    assert {tuple(t.conditions.values()) for t in templates(conditions, {"P": OPEN})} == {
        (True, False),
        (False, True),
        (False, False),
    }
    allowed = {"Type": "String", "AllowedValues": ["dev", "prod"]}
    assert {tuple(t.conditions.values()) for t in templates(conditions, {"P": allowed})} == {
        (True, False),
        (False, True),
    }


def test_what_no_value_allows_never_holds() -> None:
    (template,) = templates({"A": {"Fn::Equals": [{"Ref": "Q"}, "never"]}}, {"Q": CLOSED})
    assert template.conditions == {"A": False}


def test_two_unknown_sides_are_taken_both_ways_and_alike() -> None:
    conditions = {
        "A": {"Fn::Equals": [{"Ref": "P"}, {"Ref": "AWS::Region"}]},
        "B": {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "P"}]},
    }
    assert {tuple(t.conditions.values()) for t in templates(conditions, {"P": OPEN})} == {(True, True), (False, False)}


def test_only_open_conditions_tell_variants_apart() -> None:
    conditions = {"Open": {"Fn::Equals": [{"Ref": "P"}, "x"]}, "Known": {"Fn::Equals": ["a", "a"]}}
    for template in templates(conditions, {"P": OPEN}):
        assert set(template.variant) == {"Open"}


@pytest.mark.parametrize("count", [6, 12, 40])
def test_too_many_variants_say_so_and_see_each_condition_both_ways(count: int) -> None:
    names = [f"C{i}" for i in range(count)]
    found = templates(
        {name: {"Fn::Equals": [{"Ref": f"P{name}"}, "x"]} for name in names}, {f"P{name}": OPEN for name in names}
    )
    assert len(found) <= 32
    for name in names:
        assert {template.conditions[name] for template in found} == {True, False}
    for template in found:
        assert any("give the parameters' values" in reason for _, reason in template.undecided)
