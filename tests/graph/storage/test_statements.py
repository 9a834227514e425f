"""Statements are read in every form that IAM takes, and found wherever they are attached."""

import pytest

from stackproof.graph.statements import Statement, all_statements, resource_policies, role_statements, statements
from stackproof.template.model import Resource, Unknown, UnknownValueError

HOLDER = Resource(logical_id="Policy", type="AWS::S3::BucketPolicy", properties={})


def statement(**body) -> Statement:
    return Statement(holder=HOLDER, path=("Properties", "PolicyDocument", "Statement", 2), body=body)


@pytest.mark.parametrize(
    ("written", "action", "has"),
    [
        ("s3:*", "s3:*", True),
        ("*", "s3:*", True),
        ("S3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:*", False),
        (["s3:PutObject", "s3:getobject"], "s3:GetObject", True),
        ("s3:GetObject?", "s3:GetObject", False),
        ("sqs:*", "s3:*", False),
        ({"a": 1}, "s3:*", False),
        (None, "s3:*", False),
    ],
)
def test_actions(written, action: str, has: bool) -> None:
    assert statement(Action=written).has_action(action) is has


@pytest.mark.parametrize(
    ("principal", "everybody"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["a", "*"]}, True),
        ({"Service": "*"}, False),
        (["*"], False),
        (None, False),
    ],
)
def test_everybody(principal, everybody: bool) -> None:
    assert statement(Principal=principal).is_for_everybody() is everybody


def test_conditions_are_listed_by_lower_case_key() -> None:
    one = statement(Condition={"Bool": {"aws:SecureTransport": "false"}, "ArnLike": ["odd"]})
    assert list(one.conditions()) == [("Bool", "aws:securetransport", "false")]


def test_statement_has_a_name_for_people() -> None:
    assert (statement(Sid="TlsOnly").name, statement().name) == ("TlsOnly", "number 2")


def test_what_is_not_known_comes_last() -> None:
    document = {"Statement": [Unknown("x"), {"Sid": "a"}, "odd", {"Sid": "b"}]}
    read = statements(HOLDER, document, ("Properties",))
    assert [(one.name, one.path[-1]) for one in (next(read), next(read))] == [("a", 1), ("b", 3)]
    with pytest.raises(UnknownValueError):
        next(read)


POLICIES = """
Resources:
  Queue: {Type: 'AWS::SQS::Queue'}
  Named: {Type: 'AWS::SQS::Queue', Properties: {QueueName: orders}}
  Topic: {Type: 'AWS::SNS::Topic'}
  Both:
    Type: 'AWS::SQS::QueuePolicy'
    Properties:
      Queues: [!Ref Queue, !GetAtt Queue.Arn, 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders']
      PolicyDocument: {Statement: {Sid: both}}
  Inline:
    Type: 'AWS::SQS::QueueInlinePolicy'
    Properties: {Queue: !Ref Named, PolicyDocument: {Statement: [{Sid: in}]}}
  OfTopic: {Type: 'AWS::SNS::TopicPolicy', Properties: {Topics: [!Ref Topic], PolicyDocument: {Statement: [{Sid: t}]}}}
"""


def test_policies_are_found_by_whom_they_are_put_on(graph) -> None:
    made = graph(POLICIES)
    names = {
        name: [one.name for one in resource_policies(made, made.resources[name])]
        for name in ("Queue", "Named", "Topic")
    }
    assert names == {"Queue": ["both"], "Named": ["both", "in"], "Topic": ["t"]}


def test_policy_of_which_it_is_not_known_whose_it_is(graph) -> None:
    made = graph("Parameters: {Whose: {Type: String}}\n" + POLICIES.replace("[!Ref Topic]", "[!Ref Whose]"))
    with pytest.raises(UnknownValueError):
        list(resource_policies(made, made.resources["Topic"]))


ROLE = """
Resources:
  Role:
    Type: 'AWS::IAM::Role'
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Sid: trust}]}
      Policies: [{PolicyName: a, PolicyDocument: {Statement: [{Sid: inline}]}}]
      ManagedPolicyArns: [!Ref Managed]
  Managed: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: {Statement: [{Sid: managed}]}}}
  Attached:
    Type: 'AWS::IAM::Policy'
    Properties: {Roles: [!Ref Role], PolicyDocument: {Statement: [{Sid: attached}]}}
  Own: {Type: 'AWS::IAM::RolePolicy', Properties: {RoleName: !Ref Role, PolicyDocument: {Statement: [{Sid: own}]}}}
  Other: {Type: 'AWS::IAM::Policy', Properties: {Roles: [else], PolicyDocument: {Statement: [{Sid: other}]}}}
"""


def test_statements_of_a_role(graph) -> None:
    made = graph(ROLE)
    found = [one.name for one in role_statements(made, made.resources["Role"])]
    assert found == ["inline", "attached", "managed", "own"]


def test_all_statements_but_trust(graph) -> None:
    made = graph(ROLE)
    assert [one.name for one in all_statements(made)] == ["inline", "managed", "attached", "own", "other"]
