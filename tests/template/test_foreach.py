"""Loops (AWS::LanguageExtensions): unrolled where the collection is known, said to be undecided where it is not."""

from typing import Any

import pytest

from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.model import Source, Template
from stackproof.template.read import source


def read(text: str) -> Source:
    return source("Transform: AWS::LanguageExtensions\n" + text, "t.yaml")


def unrolled(text: str, **given: str) -> Template:
    (template,) = expand(read(text), given)
    return template


def test_resources() -> None:
    template = unrolled("""
Resources:
  Fn::ForEach::Topics:
    - Name
    - [Orders, Refunds]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties: {DisplayName: !Sub 'for ${Name}', TopicName: !Ref Name}
      Policy${Name}:
        Type: AWS::SNS::TopicPolicy
        Properties: {Topics: [!Ref 'Topic${Name}'], PolicyDocument: {Statement: [!GetAtt 'Topic${Name}.TopicArn']}}
""")
    assert list(template.resources) == ["TopicOrders", "PolicyOrders", "TopicRefunds", "PolicyRefunds"]
    assert template.resources["TopicRefunds"].properties == {"DisplayName": "for Refunds", "TopicName": "Refunds"}
    assert template.resources["PolicyOrders"].get("Topics") == ["\ue100TopicOrders\ue101"]
    assert template.undecided == ()


def test_the_collection_may_come_from_a_parameter_or_a_mapping() -> None:
    text = """
Parameters: {Names: {Type: CommaDelimitedList, Default: 'A,B'}}
Mappings: {M: {all: {Names: [C]}}}
Resources:
  Fn::ForEach::One: [X, !Ref Names, {'Topic${X}': {Type: AWS::SNS::Topic}}]
  Fn::ForEach::Two: [X, !FindInMap [M, all, Names], {'Topic${X}': {Type: AWS::SNS::Topic}}]
"""
    assert list(unrolled(text).resources) == ["TopicA", "TopicB", "TopicC"]
    assert list(unrolled(text, Names="Z").resources) == ["TopicZ", "TopicC"]


def test_the_type_and_the_condition_may_come_from_the_loop() -> None:
    template = unrolled("""
Conditions: {HasTopic: !Equals [a, a], HasQueue: !Equals [a, b]}
Resources:
  Fn::ForEach::Kinds:
    - Kind
    - [Topic, Queue]
    - Its${Kind}: {Type: 'AWS::SNS::${Kind}', Condition: 'Has${Kind}'}
""")
    assert {name: (one.type, one.condition) for name, one in template.resources.items()} == {
        "ItsTopic": ("AWS::SNS::Topic", "HasTopic")
    }


def test_loops_in_loops() -> None:
    template = unrolled("""
Resources:
  Fn::ForEach::Outer:
    - A
    - [X, Y]
    - Fn::ForEach::Inner:
        - B
        - ['1', '2']
        - Topic${A}${B}: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub '${A}/${B}'}}
""")
    assert {name: one.get("DisplayName") for name, one in template.resources.items()} == {
        "TopicX1": "X/1",
        "TopicX2": "X/2",
        "TopicY1": "Y/1",
        "TopicY2": "Y/2",
    }


def test_in_properties_and_outputs() -> None:
    template = unrolled("""
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
          Fixed: x
          Fn::ForEach::Variables: [V, [ONE, TWO], {'${V}': !Sub 'value of ${V}'}]
Outputs:
  Fn::ForEach::Outputs: [O, [A, B], {'Out${O}': {Value: !Ref O}}]
""")
    assert template.resources["Function"].get("Environment", "Variables") == {
        "Fixed": "x",
        "ONE": "value of ONE",
        "TWO": "value of TWO",
    }
    assert template.outputs == {"OutA": {"Value": "A"}, "OutB": {"Value": "B"}}


def test_names_without_signs() -> None:
    body = "{'Net&{Range}': {Type: AWS::SNS::Topic}}"
    template = unrolled(f"Resources: {{'Fn::ForEach::L': [Range, ['10.0.0.0/8'], {body}]}}")
    assert list(template.resources) == ["Net100008"]


def test_findings_lead_to_the_body_of_the_loop() -> None:
    text = """
Resources:
  Fn::ForEach::Topics:
    - Name
    - [A, B]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties:
          DisplayName: !Sub '${Name}'
"""
    written = read(text)
    (template,) = expand(written)
    origin = template.resources["TopicB"].origin("Properties", "DisplayName")
    assert origin == ("Resources", "Fn::ForEach::Topics", 2, "Topic${Name}", "Properties", "DisplayName")
    span = written.span(origin)
    assert span is not None
    assert written.lines[span.line - 1].lstrip().startswith("DisplayName")


@pytest.mark.parametrize(
    "collection",
    ["!Ref Names", "[!Ref Name]", "!Split [',', !Ref Name]", "[!Ref Topic]", "[!ImportValue x]", "[{a: b}]"],
)
def test_a_collection_that_is_not_known_is_undecided(collection: str) -> None:
    template = unrolled(f"""
Parameters: {{Names: {{Type: CommaDelimitedList}}, Name: {{Type: String}}}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Fn::ForEach::Loop: [X, {collection}, {{'Topic${{X}}': {{Type: AWS::SNS::Topic}}}}]
""")
    ((path, reason),) = template.undecided
    assert path == ("Resources", "Fn::ForEach::Loop")
    assert "the loop's collection is not known" in reason


def test_a_loop_that_makes_a_name_twice_is_refused() -> None:
    text = "Resources: {'Fn::ForEach::L': [X, [A, B], {Topic: {Type: AWS::SNS::Topic}}]}"
    with pytest.raises(TemplateError, match="a loop makes the resource Topic twice"):
        unrolled(text)


@pytest.mark.parametrize("body", ["x", "[X]", "[X, [A]]", "[X, [A], {}, more]", "{X: [A]}", "[[X], [A], {}]"])
def test_a_loop_of_another_shape_is_refused(body: Any) -> None:
    with pytest.raises(TemplateError, match=r"takes \[variable, collection, body\]"):
        unrolled(f"Resources: {{Topic: {{Type: AWS::SNS::Topic}}, 'Fn::ForEach::L': {body}}}")
