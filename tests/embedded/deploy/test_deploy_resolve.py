"""Intrinsic functions, conditions and rules."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.embedded.deploy.load import parse
from stackproof.embedded.deploy.model import TemplateError
from stackproof.embedded.deploy.resolve import NO_VALUE, Resolver

TEMPLATE = """
Transform: AWS::LanguageExtensions
Parameters: {Env: {Type: String}, Names: {Type: CommaDelimitedList}}
Mappings: {Regions: {eu-central-1: {List: pl-1}}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Dev: !Not [!Condition Prod]
  Never: !And [!Condition Prod, !Condition Dev]
  Always: !Or [!Condition Prod, !Condition Dev]
  Loop: !Not [!Condition Pool]
  Pool: !Not [!Condition Loop]
Rules:
  Known:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions: [{Assert: {"Fn::Contains": [[a, b], {Ref: Env}]}, AssertDescription: not a or b}]
Resources: {Queue: {Type: AWS::SQS::Queue}}
"""


def resolver(env: str = "dev", text: str = TEMPLATE) -> Resolver:
    return Resolver(
        template=parse(text, Path("t.yaml")),
        parameters={"Env": env, "Names": ["a", "b"]},
        pseudo={"AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012"},
        zones=lambda region: [f"{region}a", f"{region}b"],
        ref=lambda name: f"ref of {name}",
        attribute=lambda name, attribute: f"{attribute} of {name}",
    )


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Env"}, "dev"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "Queue"}, "ref of Queue"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Arn of Queue"),
        ({"Fn::Sub": "${Env}/${Queue}/${Queue.Arn}/${!Env}/$x"}, "dev/ref of Queue/Arn of Queue/${Env}/$x"),
        ({"Fn::Sub": ["${x}-${Env}", {"x": {"Ref": "AWS::Region"}}]}, "eu-central-1-dev"),
        ({"Fn::Sub": ["${n}", {"n": 5}]}, "5"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1, True]]}, "a-dev-1-true"),
        ({"Fn::Join": ["-", {"Ref": "Names"}]}, "a-b"),
        ({"Fn::Select": ["1", {"Ref": "Names"}]}, "b"),
        ({"Fn::Split": [".", "a.b"]}, ["a", "b"]),
        ({"Fn::If": ["Prod", 1, 2]}, 2),
        ({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "List"]}, "pl-1"),
        ({"Fn::FindInMap": ["Regions", "mars", "List", {"DefaultValue": "none"}]}, "none"),
        ({"Fn::GetAZs": ""}, ["eu-central-1a", "eu-central-1b"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Base64": "text"}, base64.b64encode(b"text").decode()),
        ({"Fn::ToJsonString": {"a": [1, {"Ref": "Env"}]}}, '{"a":[1,"dev"]}'),
        ({"Fn::Length": {"Ref": "Names"}}, 2),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Fn::If": ["Prod", 2, {"Ref": "AWS::NoValue"}]}]}, {"b": [1]}),
        ({"Ref": "AWS::NoValue"}, NO_VALUE),
    ],
)
def test_functions(value: Any, resolved: Any) -> None:
    assert resolver().resolve(value, "Here") == resolved


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Ref": "Nothing"}, "Here: Ref to 'Nothing'"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, "GetAtt of 'Nothing'"),
        ({"Fn::Sub": "${Nothing}"}, "Ref to 'Nothing'"),
        ({"Fn::Sub": "${Names}"}, r"\$\{Names\} is no text"),
        ({"Fn::Join": ["-", "abc"]}, "Fn::Join does not take"),
        ({"Fn::Select": [2, ["a", "b"]]}, "no item 2 of 2"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "no item -1"),
        ({"Fn::Cidr": ["10.0.0.0/24", 2, 10]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["nonsense", 2, 10]}, "Fn::Cidr"),
        ({"Fn::If": ["Nothing", 1, 2]}, "no condition Nothing"),
        ({"Fn::If": ["Loop", 1, 2]}, "Circular conditions: Loop -> Pool -> Loop"),
        ({"Fn::FindInMap": ["Regions", "mars", "List"]}, "no Regions.mars.List"),
        ({"Fn::ImportValue": "other"}, "no other stack"),
        ({"Fn::Nothing": 1}, "Fn::Nothing is not emulated"),
        ({"a": [{"Ref": "Nothing"}]}, r"Here.a\[0\]"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: Any, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        resolver().resolve(value, "Here")


def test_conditions() -> None:
    dev = resolver()
    assert [name for name in ("Prod", "Dev", "Never", "Always") if dev.condition(name)] == ["Dev", "Always"]


def test_language_extensions_must_be_declared() -> None:
    plain = resolver(text="Resources: {Queue: {Type: AWS::SQS::Queue}}")
    with pytest.raises(TemplateError, match="needs 'Transform: AWS::LanguageExtensions'"):
        plain.resolve({"Fn::ToJsonString": {}}, "Here")


def test_rules_are_held_against_the_parameters() -> None:
    resolver("dev").check_rules()
    with pytest.raises(TemplateError, match=r"Rules.Known: not a or b"):
        resolver("prod").check_rules()


names = st.text("abcdefghij", min_size=1, max_size=5)


@given(st.lists(st.tuples(st.text("xyz $!{", max_size=5), names), max_size=6), st.data())
def test_sub_replaces_what_it_names_and_nothing_else(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    variables = {name: data.draw(st.text("$ab{}!", max_size=4)) for _, name in parts}
    literals = [text.replace("${", "").rstrip("$") for text, _ in parts]
    text = "".join(f"{literal}${{{name}}}" for literal, (_, name) in zip(literals, parts, strict=True))
    expected = "".join(f"{literal}{variables[name]}" for literal, (_, name) in zip(literals, parts, strict=True))
    assert resolver().resolve({"Fn::Sub": [text, variables]}, "Here") == expected


@given(st.recursive(st.text("ab") | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(names, inner)))
def test_a_value_without_functions_resolves_to_itself(value: Any) -> None:
    assert resolver().resolve(value, "Here") == value


@given(st.dictionaries(names, st.text() | st.integers() | st.booleans()))
def test_to_json_string_can_be_read_back(value: dict[str, Any]) -> None:
    assert json.loads(resolver().resolve({"Fn::ToJsonString": value}, "Here")) == value
