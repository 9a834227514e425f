"""Values of parameters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.deploy.model import TemplateError
from stackproof.template.parameters import values


@pytest.mark.parametrize(
    ("body", "given", "value"),
    [
        ({"Type": "String", "Default": True}, {}, "true"),
        ({"Type": "Number", "Default": 3}, {}, "3"),
        ({"Type": "CommaDelimitedList"}, {"P": "a, b"}, ["a", "b"]),
        ({"Type": "List<Number>"}, {"P": "1,2"}, ["1", "2"]),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, {"P": "subnet-1"}, ["subnet-1"]),
        ({"Type": "AWS::EC2::AvailabilityZone::Name"}, {"P": "eu-central-1a"}, "eu-central-1a"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"}, {"P": "v"}, "v"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "abc"}, "abc"),
    ],
)
def test_values(body: dict[str, Any], given: dict[str, str], value: Any) -> None:
    assert values({"P": body}, given) == {"P": value}


@pytest.mark.parametrize(
    ("body", "given", "said"),
    [
        ({"Type": "String"}, {}, "Parameter P has no value"),
        ({"Type": "String", "Default": "a"}, {"Q": "1"}, "no parameter Q; it has P"),
        ({"Type": "String", "AllowedValues": ["dev", "prod"]}, {"P": "test"}, "P: 'test' .* one of dev, prod"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "abc1"}, "P: 'abc1' .* must match"),
        ({"Type": "String", "AllowedPattern": "a", "NoEcho": True}, {"P": "secret"}, r"P: \*\*\*\*"),
        ({"Type": "String", "MinLength": 2}, {"P": "a"}, "at least 2 characters"),
        ({"Type": "String", "MaxLength": 2}, {"P": "abc"}, "at most 2 characters"),
        ({"Type": "Number"}, {"P": "many"}, "P: 'many' .* must be a number"),
        ({"Type": "Number", "MinValue": 1}, {"P": "0"}, "at least 1"),
        ({"Type": "List<Number>", "MaxValue": 5}, {"P": "1,6"}, "P: '6' .* at most 5"),
        ({"Type": "Text"}, {"P": "a"}, "unknown type 'Text'"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}, {}, "read from Systems Manager"),
        ({"Type": "String", "AllowedValues": ["a"], "ConstraintDescription": "Say a."}, {"P": "b"}, "Say a."),
    ],
)
def test_wrong_values_are_named(body: dict[str, Any], given: dict[str, str], said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        values({"P": body}, given)


@given(st.integers(), st.integers(), st.integers())
def test_numbers_pass_exactly_within_their_bounds(number: int, low: int, high: int) -> None:
    body = {"Type": "Number", "MinValue": low, "MaxValue": high}
    if low <= number <= high:
        assert values({"P": body}, {"P": str(number)}) == {"P": str(number)}
    else:
        with pytest.raises(TemplateError, match="Parameter P"):
            values({"P": body}, {"P": str(number)})
