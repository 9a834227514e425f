"""Whether policies let a service do something, with their conditions weighed."""

import pytest

from stackproof.graph.arns import arn
from stackproof.graph.grants import context, lets, may, trusted
from stackproof.graph.statements import resource_policies

ALLOW = "{Effect: Allow, Principal: {Service: cloudwatch.amazonaws.com}, Action: 'sns:Publish', Resource: !Ref Topic%s}"
DENY = "{Effect: Deny, Principal: '*', Action: 'sns:Publish', Resource: !Ref Topic%s}"
TEMPLATE = """
Resources:
  Topic: {Type: 'AWS::SNS::Topic'}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties: {Topics: [!Ref Topic], PolicyDocument: {Statement: [%s]}}
"""
SOURCE = "arn:aws:cloudwatch:region:account:alarm:x"


def _when(text):
    return f", Condition: {text}"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        (ALLOW % "", True),
        (ALLOW % _when("{StringEquals: {'aws:SourceAccount': !Ref 'AWS::AccountId'}}"), True),
        (ALLOW % _when("{StringEquals: {'aws:SourceAccount': '123456789012'}}"), True),
        (ALLOW % _when("{StringEquals: {'aws:SourceAccount': x}}"), False),
        (ALLOW % _when("{StringNotEquals: {'aws:SourceAccount': x}}"), True),
        (ALLOW % _when("{ArnLike: {'AWS:SourceArn': 'arn:aws:cloudwatch:*:*:alarm:*'}}"), True),
        (ALLOW % _when("{ArnLike: {'aws:SourceArn': 'arn:aws:events:*:*:rule/*'}}"), False),
        (ALLOW % _when("{StringEquals: {'aws:PrincipalOrgID': o-1}}"), False),
        (ALLOW % _when("{StringEqualsIfExists: {'aws:PrincipalOrgID': o-1}}"), True),
        (ALLOW % _when("{Bool: {'aws:SecureTransport': true}}"), True),
        (ALLOW % _when("{'Null': {'aws:SourceArn': 'true'}}"), False),
        (ALLOW % _when("{'Null': {'aws:SourceArn': 'false'}}"), True),
        (ALLOW % _when("{Odd: {'aws:SourceArn': x}}"), False),
        (DENY % "", False),
        (ALLOW % "" + ", " + DENY % "", False),
        (ALLOW % "" + ", " + DENY % _when("{Bool: {'aws:SecureTransport': 'false'}}"), True),
        (ALLOW % "" + ", " + DENY % _when("{ArnNotEquals: {'aws:PrincipalArn': x}}"), False),
    ],
)
def test_whether_a_topic_lets_an_alarm_publish(graph, statements, allowed) -> None:
    found = graph(TEMPLATE % statements)
    topic = found.resources["Topic"]
    policy = list(resource_policies(found, topic))
    service = "cloudwatch.amazonaws.com"
    assert lets(found, policy, service, "sns:Publish", arn(found, topic), context(SOURCE)) is allowed


ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: vpc-flow-logs.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {StringEquals: {'aws:SourceAccount': !Ref 'AWS::AccountId'}}
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: %s, Action: 'logs:Put*', Resource: 'arn:aws:logs:*:*:log-group:%s:*'}]}
"""


@pytest.mark.parametrize(
    ("effect", "group", "allowed"), [("Allow", "x", True), ("Deny", "x", False), ("Allow", "y", False)]
)
def test_whether_a_role_may(graph, effect, group, allowed) -> None:
    found = graph(ROLE % (effect, group))
    stream = "arn:aws:logs:region:account:log-group:x:log-stream:any"
    assert may(found, found.resources["Role"], "logs:PutLogEvents", stream, context()) is allowed


@pytest.mark.parametrize(
    ("service", "may_assume"), [("vpc-flow-logs.amazonaws.com", True), ("ec2.amazonaws.com", False)]
)
def test_who_may_assume_a_role(graph, service, may_assume) -> None:
    found = graph(ROLE % ("Allow", "x"))
    assert trusted(found, found.resources["Role"], service, context()) is may_assume
