"""Policies are found in every shape and place."""

import json

import pytest

from stackproof.graph.iam.documents import Kind, documents, statements
from stackproof.template.model import UnknownValueError

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "x:Y", "Resource": "*"}


@pytest.mark.parametrize(
    ("kind", "properties", "wanted", "path"),
    [
        (
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": {"Statement": ALLOW}},
            Kind.TRUST,
            ("AssumeRolePolicyDocument", "Statement"),
        ),
        (
            "AWS::IAM::Role",
            {"Policies": [{"PolicyDocument": {"Statement": [ALLOW]}}]},
            Kind.IDENTITY,
            ("Policies", 0, "PolicyDocument", "Statement", 0),
        ),
        (
            "AWS::IAM::GroupPolicy",
            {"PolicyDocument": {"Statement": [ALLOW]}},
            Kind.IDENTITY,
            ("PolicyDocument", "Statement", 0),
        ),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [ALLOW]}}, Kind.KEY, ("KeyPolicy", "Statement", 0)),
        (
            "AWS::EC2::VPCEndpoint",
            {"PolicyDocument": {"Statement": [ALLOW]}},
            Kind.ENDPOINT,
            ("PolicyDocument", "Statement", 0),
        ),
        (
            "AWS::SQS::QueuePolicy",
            {"PolicyDocument": json.dumps({"Statement": [ALLOW]})},
            Kind.RESOURCE,
            ("PolicyDocument", "Statement", 0),
        ),
        (
            "AWS::DynamoDB::Table",
            {"ResourcePolicy": {"PolicyDocument": {"Statement": [ALLOW]}}},
            Kind.RESOURCE,
            ("ResourcePolicy", "PolicyDocument", "Statement", 0),
        ),
        (
            "AWS::Logs::Destination",
            {"DestinationPolicy": json.dumps({"Statement": ALLOW})},
            Kind.RESOURCE,
            ("DestinationPolicy", "Statement"),
        ),
        (
            "AWS::New::Thing",
            {"Deep": [{"Any": {"Statement": [ALLOW]}}]},
            Kind.RESOURCE,
            ("Deep", 0, "Any", "Statement", 0),
        ),
        ("AWS::Lambda::Permission", {"Principal": "*", "Action": "x:Y"}, Kind.PERMISSION, ()),
        ("AWS::Events::EventBusPolicy", {"Principal": "*", "Action": "x:Y", "StatementId": "s"}, Kind.RESOURCE, ()),
    ],
)
def test_a_statement_is_found_where_it_stands(graph, kind, properties, wanted, path) -> None:
    made = graph({"It": {"Type": kind, "Properties": properties}})
    (found,) = statements(made, made.resources["It"])
    assert (found.kind, found.path) == (wanted, ("Properties", *path))
    assert [(kind, value) for kind, value, _ in found.principals()] == [("*", "*")]
    assert [action for action, _ in found.texts("Action")] == ["x:Y"]


def test_what_only_looks_like_a_policy_is_none(graph) -> None:
    acl = {"Rules": [{"Statement": {"GeoMatchStatement": {}}}]}
    made = graph({"Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": acl}})
    assert documents(made) == {}


@pytest.mark.parametrize(
    ("principal", "wanted"),
    [
        ("*", [("*", "*")]),
        ({"AWS": "*"}, [("*", "*")]),
        ({"AWS": ["*", "111122223333"]}, [("*", "*"), ("AWS", "111122223333")]),
        ({"AWS": 11122223333}, [("AWS", "011122223333")]),
        ({"Service": ["a.amazonaws.com"], "Federated": "f"}, [("Service", "a.amazonaws.com"), ("Federated", "f")]),
        ("arn:aws:iam::111122223333:root", [("AWS", "arn:aws:iam::111122223333:root")]),
        ({"AWS": {"odd": 1}}, []),
        (None, []),
    ],
)
def test_principals_in_every_shape(policy, principal, wanted) -> None:
    made = policy({"Effect": "Allow", "Principal": principal, "Action": "x:Y"})
    (found,) = statements(made, made.resources["Policy"])
    assert [(kind, value) for kind, value, _ in found.principals()] == wanted


def test_what_is_not_known_comes_last(graph) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": [{"Ref": "P"}, "s3:GetObject"], "Resource": "*"}]}
    made = graph(
        {"It": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}},
        {"P": {"Type": "String"}},
    )
    (found,) = statements(made, made.resources["It"])
    texts = found.texts("Action")
    assert next(texts)[0] == "s3:GetObject"
    with pytest.raises(UnknownValueError):
        next(texts)


@pytest.mark.parametrize("effect", ["Allow", "allow", "Alow", None, 7])
def test_only_deny_denies(policy, effect) -> None:
    made = policy({"Effect": effect, "Action": "x:Y"}, {"Effect": "Deny", "Action": "x:Y"})
    assert [one.allows for one in statements(made, made.resources["Policy"])] == [True, False]
