"""What the values of a template become: known, a reference, or unknown with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.model import Template, Unknown, UnknownValueError
from stackproof.template.read import source
from stackproof.template.references import Reference, display

HEAD = """
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
  Open: {Type: String}
  Read: {Type: String, Default: '{{resolve:ssm:/a}}'}
  Looked: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}
Mappings:
  Sizes:
    dev: {Size: 1, Names: [x, y]}
    prod: {Size: 2, Names: [z]}
  Same:
    eu-west-1: {Value: s}
    us-east-1: {Value: s}
Conditions:
  Dev: !Equals [!Ref Stage, dev]
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  Thing:
    Type: Custom::Thing
    Properties:
      Value: """


def resolved(value: str, **given: str) -> Template:
    (template,) = expand(source(HEAD + value + "\n", "t.yaml"), given)
    return template


def value_of(value: str, **given: str) -> Any:
    return resolved(value, **given).resources["Thing"].properties.get("Value", "left out")


def shown(value: Any) -> Any:
    match value:
        case str():
            return display(value)
        case list():
            return [shown(item) for item in value]
        case dict():
            return {name: shown(item) for name, item in value.items()}
        case _:
            return value


KNOWN = {
    "a": "a",
    "!Ref Stage": "dev",
    "!Ref Names": ["a", "b"],
    "!Ref Bucket": "${Bucket}",
    "!GetAtt Bucket.Arn": "${Bucket.Arn}",
    "!Ref AWS::Region": "${AWS::Region}",
    "!Ref AWS::NoValue": "left out",
    "!Sub '${Stage}-${Bucket.Arn}/${!Kept}'": "dev-${Bucket.Arn}/${Kept}",
    "!Sub ['${A}${B}', {A: !Ref Stage, B: !Ref Bucket}]": "dev${Bucket}",
    "!Join ['/', [!GetAtt Bucket.Arn, !Ref Stage, '*']]": "${Bucket.Arn}/dev/*",
    "!Join ['', [!Ref AWS::NoValue, a]]": "a",
    "!Join ['-', !Ref Names]": "a-b",
    "!Select [1, !Ref Names]": "b",
    "!Select ['0', !Split ['-', a-b]]": "a",
    "!Select [0, !GetAZs '']": "${AWS::AvailabilityZones.0}",
    "!Select [1, !GetAZs {Ref: 'AWS::Region'}]": "${AWS::AvailabilityZones.1}",
    "!Split [',', !Join [',', [a, b]]]": ["a", "b"],
    "!FindInMap [Sizes, !Ref Stage, Size]": 1,
    "!FindInMap [Sizes, prod, Names]": ["z"],
    "!FindInMap [Same, !Ref AWS::Region, Value]": "s",
    "!FindInMap [Sizes, none, Size, {DefaultValue: !Ref Stage}]": "dev",
    "!If [Dev, !If [Dev, in, out], other]": "in",
    "!If [Dev, !Ref AWS::NoValue, other]": "left out",
    "[!If [Dev, !Ref AWS::NoValue, a], b]": ["b"],
    "{A: !If [Dev, !Ref AWS::NoValue, a], B: c}": {"B": "c"},
    "!Cidr [10.0.0.0/16, 2, 8]": ["10.0.0.0/24", "10.0.1.0/24"],
    "!Base64 hello": "aGVsbG8=",
    "{UserData: !Base64 hello}": {"UserData": "hello"},
    "!FindInMap [Same, !Ref AWS::Region, Value, {DefaultValue: s}]": "s",
    "{Fn::Length: !Ref Names}": 2,
    "{Fn::ToJsonString: {A: !Ref Bucket}}": '{"A":"${Bucket}"}',
}


@pytest.mark.parametrize("value", KNOWN)
def test_a_known_value(value: str) -> None:
    assert shown(value_of(value, Open="x")) == KNOWN[value]


UNKNOWN = {
    "!Ref Open": "parameter Open has no value",
    "!Ref Looked": "read from Systems Manager",
    "!Sub 'a-${Open}'": "parameter Open has no value",
    "!Sub ['${A}', {A: !Ref Open}]": "parameter Open has no value",
    "!Sub '${Names}'": "is no text",
    "!Join ['-', [a, !Ref Open]]": "parameter Open has no value",
    "!Join ['-', [a, [b]]]": "is no text",
    "!Select [5, !Ref Names]": "there is no item 5",
    "!Select [0, !Ref Open]": "parameter Open has no value",
    "!Split ['-', !Ref Bucket]": "a resource has at deployment",
    "!Select [5, !Split [':', !GetAtt Bucket.Arn]]": "a resource has at deployment",
    "!FindInMap [Sizes, !Ref Open, Size]": "parameter Open has no value",
    "!FindInMap [Sizes, !Ref AWS::Region, Size]": "the row of the mapping Sizes is chosen at deployment",
    "!FindInMap [Same, !Ref AWS::Region, Value, {DefaultValue: t}]": "the row of the mapping Same is chosen at",
    "!Base64 {Ref: Bucket}": "a resource has at deployment",
    "!Join ['', ['{{res', 'olve:ssm:/a}}']]": "a dynamic reference",
    "!Join ['', !Split ['|', '{{re|solve:ssm:/a}}']]": "a dynamic reference",
    "!Ref Read": "a dynamic reference",
    "!FindInMap [Sizes, none, Size]": "there is no Sizes.none.Size",
    "!FindInMap [None, a, b]": "there is no mapping None",
    "!If [Dev, !Ref Open, a]": "parameter Open has no value",
    "!ImportValue other": "an import from another stack",
    "'{{resolve:ssm:/a}}'": "a dynamic reference",
    "!Sub '{{resolve:secretsmanager:${Stage}}}'": "a dynamic reference",
    "!Transform {Name: Macro}": "a macro",
    "!Ref Nothing": "neither a parameter nor a resource",
    "!GetAtt Nothing.Arn": "is no resource",
    "{Fn::Unheard: a}": "not emulated",
    "!Cidr [no range, 2, 8]": "does not take",
}


@pytest.mark.parametrize("value", UNKNOWN)
def test_what_is_not_known_stays_unknown_and_says_why(value: str) -> None:
    found = value_of(value)
    assert isinstance(found, Unknown)
    assert UNKNOWN[value] in found.reason


@pytest.mark.parametrize(
    "ask",
    [
        lambda unknown: unknown == "a",
        lambda unknown: unknown != "a",
        bool,
        str,
        len,
        iter,
        hash,
        int,
        lambda unknown: unknown < 1,
        lambda unknown: "a" in unknown,
        lambda unknown: unknown["a"],
        lambda unknown: unknown.get("a"),
        lambda unknown: unknown + 1,
        lambda unknown: f"{unknown}",
    ],
)
def test_an_unknown_value_answers_no_question(ask: Any) -> None:
    with pytest.raises(UnknownValueError):
        ask(Unknown("for no reason"))


def test_an_unknown_part_leaves_the_rest_to_be_seen() -> None:
    assert value_of("!Sub 'arn:${Open}:x'").text == "arn:{Open?}:x"
    assert value_of("!Join [':', [arn, !Ref Open, x]]").text == "arn:{Open?}:x"


def test_scalars_have_the_types_of_the_schema() -> None:
    text = """
Parameters: {Days: {Type: Number, Default: 14}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: "1209600", FifoQueue: "True", DelaySeconds: !Ref Days, QueueName: 123}
"""
    (template,) = expand(source(text, "t.yaml"))
    assert template.resources["Queue"].properties == {
        "MessageRetentionPeriod": 1209600,
        "FifoQueue": True,
        "DelaySeconds": 14,
        "QueueName": "123",
    }


def test_a_value_leads_back_to_where_it_stands() -> None:
    text = """
Conditions: {Never: !Equals [a, b]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Tags:
        - !If [Never, {Key: A, Value: a}, !Ref 'AWS::NoValue']
        - Key: B
          Value: !If [Never, x, y]
"""
    written = source(text, "t.yaml")
    (template,) = expand(written)
    topic = template.resources["Topic"]
    assert topic.get("Tags") == [{"Key": "B", "Value": "y"}]
    origin = topic.origin("Properties", "Tags", 0, "Value")
    assert origin == ("Resources", "Topic", "Properties", "Tags", 1, "Value", "Fn::If", 2)
    span = written.span(origin)
    assert span is not None
    assert (span.line, written.lines[span.line - 1][span.column - 1]) == (10, "y")


def test_properties_that_are_not_known_are_refused() -> None:
    with pytest.raises(TemplateError, match="its properties are not known before deployment"):
        expand(source("Resources: {A: {Type: 'AWS::SNS::Topic', Properties: !Transform {Name: M}}}", "t.yaml"))


LEAVES = st.sampled_from(["a", {"Ref": "Stage"}, {"Ref": "Bucket"}, {"Fn::GetAtt": ["Bucket", "Arn"]}, {"Ref": "Open"}])
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"Fn::Join": ["-", parts]}),
        inner.map(lambda part: {"Fn::Sub": ["<${A}>", {"A": part}]}),
        st.tuples(inner, inner).map(lambda pair: {"Fn::If": ["Dev", *pair]}),
        st.tuples(inner, inner).map(lambda pair: {"Fn::Select": [1, list(pair)]}),
    ),
    max_leaves=12,
)


def meaning(value: Any) -> str | None:
    """What a nested value means, None for one that is not known: independently of the resolver."""
    match value:
        case str():
            return value
        case {"Ref": "Open"}:
            return None
        case {"Ref": "Stage"}:
            return "dev"
        case {"Ref": name}:
            return Reference(target=name).token
        case {"Fn::GetAtt": [name, attribute]}:
            return Reference(target=name, attribute=attribute).token
        case {"Fn::Join": [delimiter, parts]}:
            texts = [meaning(part) for part in parts]
            return None if None in texts else delimiter.join(text or "" for text in texts)
        case {"Fn::Sub": [_, {"A": part}]}:
            text = meaning(part)
            return None if text is None else f"<{text}>"
        case {"Fn::If": [_, first, _]}:
            return meaning(first)
        case {"Fn::Select": [_, [first, second]]}:
            return None if meaning(first) is None else meaning(second)
    raise AssertionError(value)


@settings(deadline=None)
@given(NESTED)
def test_nested_functions_mean_what_they_say(value: Any) -> None:

    found = value_of(json.dumps(value))
    assert (None if isinstance(found, Unknown) else found) == meaning(value)


def test_what_is_given_for_a_parameter_of_systems_manager_is_its_name_and_no_value() -> None:
    text = """
Parameters:
  Key: {Type: "AWS::SSM::Parameter::Value<String>", Default: /keys/data}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref Key}}
"""
    for values in ({}, {"Key": "/keys/other"}):
        (template,) = expand(source(text, "t.yaml"), values)
        value = template.resources["Topic"].properties["KmsMasterKeyId"]
        assert isinstance(value, Unknown)
        assert "Systems Manager" in value.reason
