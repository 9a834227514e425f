"""What is a key, and who may use it."""

import pytest

from stackproof.graph.keypolicy import auto_scaling_may, role_may, service_may, stranger_may
from stackproof.graph.keys import arn_fault, key_fault
from stackproof.template.model import UnknownValueError

KEYS = """
Resources:
  Key: {Type: 'AWS::KMS::Key', Properties: {EnableKeyRotation: true}}
  Off: {Type: 'AWS::KMS::Key', Properties: {Enabled: false}}
  Rsa: {Type: 'AWS::KMS::Key', Properties: {KeySpec: RSA_2048}}
  Alias: {Type: 'AWS::KMS::Alias', Properties: {AliasName: alias/a, TargetKeyId: !Ref Key}}
  OfOff: {Type: 'AWS::KMS::Alias', Properties: {AliasName: alias/b, TargetKeyId: !GetAtt Off.Arn}}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Texts: {Type: 'AWS::SSM::Parameter', Properties: {Value: [%s]}}
"""


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("!Ref Key", ""),
        ("!GetAtt Key.Arn", ""),
        ("!GetAtt Key.KeyId", ""),
        ("!Ref Alias", ""),
        ("!Sub 'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}'", ""),
        ("alias/data", ""),
        ("mrk-0123456789abcdef0123456789abcdef", ""),
        ("!Ref Off", "names ${Off}, a key that is disabled"),
        ("!Ref OfOff", "names ${Off.Arn}, a key that is disabled"),
        ("!Ref Rsa", "names ${Rsa}, a key that encrypts no data (KeySpec)"),
        ("!GetAtt Key.Foo", "names ${Key.Foo}, which is no key"),
        ("!Ref Bucket", "names ${Bucket}, which is no key but of type AWS::S3::Bucket"),
        ("!Sub 'arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/${Off}'", "names ${Off}, a key that is disabled"),
        ("alias/aws/s3", "names alias/aws/s3, a key that AWS manages"),
        ("data", "names data, which is no key"),
        ("''", "names no key"),
        ("3", "names no key: its value is no text"),
        ("{a: b}", "names no key: its value is no text"),
    ],
)
def test_key_fault(graph, written: str, fault: str) -> None:
    made = graph(KEYS % written)
    assert key_fault(made, made.resources["Texts"].properties["Value"][0]) == fault


def test_key_that_only_a_deployment_shows(graph) -> None:
    made = graph(KEYS % "!GetAtt Made.Key" + "  Made: {Type: 'Custom::Key', Properties: {ServiceToken: x}}\n")
    with pytest.raises(UnknownValueError):
        key_fault(made, made.resources["Texts"].properties["Value"][0])


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("!GetAtt Key.Arn", ""),
        ("'arn:aws:kms:eu-west-1:111122223333:key/x'", ""),
        ("!Ref Key", "is ${Key}, not the key's ARN"),
        ("!Ref Alias", "is ${Alias}, not the key's ARN"),
        ("alias/data", "is not the key's ARN"),
    ],
)
def test_arn_fault(graph, written: str, fault: str) -> None:
    made = graph(KEYS % written)
    assert arn_fault(made, made.resources["Texts"].properties["Value"][0]) == fault


USE = """
Resources:
  Key:
    Type: 'AWS::KMS::Key'
    Properties:
      KeyPolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}
            Action: 'kms:*'
            Resource: '*'
          - Effect: Allow
            Principal: {Service: [events.amazonaws.com]}
            Action: 'kms:Decrypt'
            Resource: '*'
            Condition: %s
          - Effect: Deny
            Principal: '*'
            Action: 'kms:ScheduleKeyDeletion'
            Resource: '*'
  Role:
    Type: 'AWS::IAM::Role'
    Properties:
      Policies:
        - PolicyName: use
          PolicyDocument:
            Statement: [{Effect: Allow, Action: ['kms:Decrypt', 'kms:ScheduleKeyDeletion'], Resource: !GetAtt Key.Arn}]
"""
ACCOUNT = {"aws:sourceaccount": "account", "aws:sourcearn": "arn:aws:events:region:account:rule/a"}


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ("{}", True),
        ("{StringEquals: {'aws:SourceAccount': !Ref 'AWS::AccountId'}}", True),
        ("{StringEquals: {'aws:SourceAccount': '111122223333'}}", True),
        ("{StringEquals: {'aws:SourceAccount': other}}", False),
        ("{StringEqualsIfExists: {'aws:SourceAccount': other}}", False),
        ("{StringNotEquals: {'aws:SourceAccount': other}}", True),
        ("{ArnLike: {'aws:SourceArn': 'arn:aws:events:*:*:rule/*'}}", True),
        ("{ArnEquals: {'aws:SourceArn': ['x', !Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/a']}}", True),
        ("{ArnEquals: {'aws:SourceArn': !Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/b'}}", False),
        ("{StringEquals: {'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/x'}}", False),
        ("{StringEqualsIfExists: {'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/x'}}", True),
        ("{StringEquals: {'kms:SomethingElse': x}}", True),
    ],
)
def test_conditions_of_a_service_statement(graph, condition: str, may: bool) -> None:
    made = graph(USE % condition)
    key = made.resources["Key"]
    assert service_may(made, key, "events.amazonaws.com", "kms:Decrypt", ACCOUNT) is may
    assert not service_may(made, key, "events.amazonaws.com", "kms:GenerateDataKey", ACCOUNT)
    assert not service_may(made, key, "sns.amazonaws.com", "kms:Decrypt", ACCOUNT)


def test_roles_strangers_and_auto_scaling(graph) -> None:
    made = graph(USE % "{}")
    key, role = made.resources["Key"], made.resources["Role"]
    assert role_may(made, key, role, "kms:Decrypt", {})
    assert not role_may(made, key, role, "kms:GenerateDataKey", {})
    assert not role_may(made, key, role, "kms:ScheduleKeyDeletion", {})  # denied to everybody
    assert not stranger_may(made, key, "arn:aws:iam::111122223333:role/x", "kms:Decrypt", {})
    assert not auto_scaling_may(made, key, "kms:Decrypt")
