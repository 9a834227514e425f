"""ARNs mean the same however they are written."""

import pytest

from stackproof.graph.arns import arn, common
from stackproof.graph.wildcards import covers

TEMPLATE = """
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  Named: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'acme-${AWS::AccountId}'}}
  Topic: {Type: 'AWS::SNS::Topic'}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: orders}}
  Rule: {Type: 'AWS::Events::Rule'}
  Group: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Sub '/app/${AWS::StackName}'}}
  Circle: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${Other.QueueName}-x'}}
  Other: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${Circle.QueueName}-y'}}
  Vpc: {Type: 'AWS::EC2::VPC'}
  Texts:
    Type: 'AWS::SSM::Parameter'
    Properties: {Value: [%s]}
"""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::<Bucket>"),
        ("!Sub 'arn:${AWS::Partition}:s3:::${Bucket}'", "arn:aws:s3:::<Bucket>"),
        ("!Sub 'arn:aws-us-gov:s3:::${Bucket}/*'", "arn:aws:s3:::<Bucket>/*"),
        ("!Join ['', [!GetAtt Bucket.Arn, /a/*]]", "arn:aws:s3:::<Bucket>/a/*"),
        ("!GetAtt Named.Arn", "arn:aws:s3:::acme-account"),
        ("!Ref Topic", "arn:aws:sns:region:account:<Topic>"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:region:account:<Topic>"),
        (
            "!Sub 'arn:aws:sns:${AWS::Region}:${AWS::AccountId}:${Topic.TopicName}'",
            "arn:aws:sns:region:account:<Topic>",
        ),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:region:account:orders"),
        ("'arn:aws:sqs:eu-central-1:111122223333:orders'", "arn:aws:sqs:region:account:orders"),
        ("'arn:aws:sqs:us-gov-west-1:111122223333:orders'", "arn:aws:sqs:region:account:orders"),
        ("!Ref Queue", "https://orders"),
        ("!GetAtt Rule.Arn", "arn:aws:events:region:account:rule/<Rule>"),
        ("!GetAtt Group.Arn", "arn:aws:logs:region:account:log-group:/app/<StackName>:*"),
        ("!GetAtt Circle.Arn", "arn:aws:sqs:region:account:<Circle>-y-x"),
        ("!GetAtt Vpc.CidrBlock", "<Vpc.CidrBlock>"),
        ("!Ref Vpc", "<Vpc.Ref>"),
        ("plain text", "plain text"),
    ],
)
def test_common_form(graph, written: str, meant: str) -> None:
    made = graph(TEMPLATE % written)
    assert common(made, made.resources["Texts"].properties["Value"][0]) == meant


def test_arn_of_a_resource_is_its_common_form(graph) -> None:
    made = graph(TEMPLATE % "x")
    assert arn(made, made.resources["Named"]) == "arn:aws:s3:::acme-account"
    assert arn(made, made.resources["Group"]) == "arn:aws:logs:region:account:log-group:/app/<StackName>"
    assert arn(made, made.resources["Vpc"]) == ""


@pytest.mark.parametrize(
    ("pattern", "text", "covered"),
    [
        ("*", "anything", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::?", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::B", False),
        ("arn:aws:s3:::b.c", "arn:aws:s3:::bxc", False),
        ("a*\n", "a\n", True),
    ],
)
def test_patterns(pattern: str, text: str, covered: bool) -> None:
    assert covers(pattern, text) is covered
