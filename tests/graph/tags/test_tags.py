"""Tags in every shape, and what is wrong with them."""

import pytest

from stackproof.graph import tags
from stackproof.template.model import UnknownValueError

POLICY = {"required": {"Owner": [], "Environment": ["dev", "prod"]}, "uniform": ["Owner"]}
AT = ("Properties", "Tags")


def _resource(graph, text):
    found = graph("Parameters: {P: {Type: String}}\nResources:\n  It: " + text)
    return found, found.resources["It"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{Type: 'AWS::S3::Bucket', Properties: {Tags: [{Key: a, Value: b}]}}", [("a", "b", (*AT, 0))]),
        ("{Type: 'AWS::Batch::JobQueue', Properties: {Tags: {a: b}}}", [("a", "b", (*AT, "a"))]),
        (
            "{Type: 'AWS::EFS::FileSystem', Properties: {FileSystemTags: [{Key: a, Value: b}]}}",
            [("a", "b", ("Properties", "FileSystemTags", 0))],
        ),
        (
            "{Type: 'AWS::EC2::LaunchTemplate', Properties: {TagSpecifications: "
            "[{ResourceType: volume, Tags: [{Key: x, Value: y}]}, "
            "{ResourceType: launch-template, Tags: [{Key: a, Value: b}]}]}}",
            [("a", "b", ("Properties", "TagSpecifications", 1, "Tags", 0))],
        ),
        ("{Type: 'AWS::S3::Bucket', Properties: {Tags: 7}}", []),
    ],
)
def test_the_tags_of_a_resource(graph, text, expected) -> None:
    assert [(tag.key, tag.value, tag.path) for tag in tags.own(*_resource(graph, text))] == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::Bucket", "Tags"),
        ("AWS::EFS::FileSystem", "FileSystemTags"),
        ("AWS::EC2::LaunchTemplate", "TagSpecifications"),
        ("AWS::SNS::Subscription", None),
        ("AWS::IAM::InstanceProfile", None),
        ("Custom::Thing", None),
    ],
)
def test_where_a_type_has_its_tags(graph, kind, name) -> None:
    assert tags.place(_resource(graph, f"{{Type: '{kind}'}}")[1]) == name


def _faults(graph, written, agreed=None):
    found, resource = _resource(graph, f"{{Type: 'AWS::S3::Bucket', Properties: {{Tags: {written}}}}}")
    return [(hit.message, hit.path) for hit in tags.faults(tags.own(found, resource), AT, POLICY, agreed or {})]


@pytest.mark.parametrize(
    ("written", "message", "path"),
    [
        ("[]", "the tags Owner, Environment are missing", AT),
        ("[{Key: Owner, Value: x}]", "the tag Environment is missing", AT),
        (
            "[{Key: Owner, Value: x}, {Key: environment, Value: prod}]",
            "the tag Environment is missing (there is environment, which is another key)",
            AT,
        ),
        ("[{Key: Owner, Value: ''}, {Key: Environment, Value: dev}]", "the tag Owner has no value", (*AT, 0)),
        (
            "[{Key: Owner, Value: x}, {Key: Environment, Value: live}]",
            "the tag Environment is live, and may be dev, prod",
            (*AT, 1),
        ),
        (
            "[{Key: Owner, Value: x}, {Key: Environment, Value: dev}, {Key: Owner, Value: y}]",
            "the tag Owner is given 2 times",
            AT,
        ),
    ],
)
def test_what_is_wrong_with_tags(graph, written, message, path) -> None:
    assert _faults(graph, written) == [(message, path)]


def test_a_value_that_differs_from_all_others(graph) -> None:
    found = _faults(graph, "[{Key: Owner, Value: x}, {Key: Environment, Value: dev}]", {"Owner": "payments"})
    assert found == [("the tag Owner is x here, and payments nearly everywhere else", (*AT, 0))]


@pytest.mark.parametrize(("owner", "environment"), [("!Ref P", "dev"), ("x", "!Ref P")])
def test_an_unknown_value_is_unknown(graph, owner: str, environment: str) -> None:
    with pytest.raises(UnknownValueError):
        _faults(graph, f"[{{Key: Owner, Value: {owner}}}, {{Key: Environment, Value: {environment}}}]")


def test_an_unknown_key_may_be_the_one_that_is_missing(graph) -> None:
    with pytest.raises(UnknownValueError):
        _faults(graph, "[{Key: !Ref P, Value: x}, {Key: Environment, Value: dev}]")


def test_what_a_template_agrees_on(graph) -> None:
    topics = "".join(
        f"  T{i}: {{Type: 'AWS::SNS::Topic', Properties: {{Tags: [{{Key: Owner, Value: {value}}}]}}}}\n"
        for i, value in enumerate(["a", "a", "a", "a", "b"])
    )
    assert tags.agreement(graph(f"Resources:\n{topics}"), POLICY) == {"Owner": "a"}
    assert tags.agreement(graph(f"Resources:\n{topics.replace('Value: a', 'Value: c', 2)}"), POLICY) == {}
