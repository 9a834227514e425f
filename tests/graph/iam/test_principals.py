"""Whom a statement lets in, and what its conditions make of that."""

import pytest

from stackproof.graph.iam.conditions import condition_fault
from stackproof.graph.iam.documents import statements
from stackproof.graph.iam.principals import OWN, account, is_closed, is_service

ACCOUNT = {"Ref": "AWS::AccountId"}


def test_accounts() -> None:
    assert account(OWN) == OWN
    assert account(f"arn:aws:iam::{OWN}:root") == OWN
    assert account("111122223333") == account("arn:aws:iam::111122223333:role/r") == "111122223333"
    assert account("arn:aws:iam::cloudfront:user/x") == "cloudfront"
    assert account("arn:aws:s3:::b") is None
    assert account("*") is None


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, True),
        ({"StringEquals": {"AWS:SOURCEACCOUNT": ["111122223333"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "*"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT}}, False),
        ({"ForAllValues:StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, "*"]}}, False),
        ({"StringEquals": {"aws:UserAgent": "me"}}, False),
        ({"Null": {"aws:PrincipalOrgID": "false"}}, False),
        ("odd", False),
        (None, False),
    ],
)
def test_conditions_that_close(policy, condition, wanted) -> None:
    made = policy({"Effect": "Allow", "Principal": "*", "Action": "x:Y", "Condition": condition})
    (statement,) = statements(made, made.resources["Policy"])
    assert is_closed(statement) is wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("lambda.amazonaws.com", True),
        ("ecs-tasks.amazonaws.com", True),
        ("delivery.logs.amazonaws.com", True),
        ("states.eu-west-1.amazonaws.com", True),
        ("logs.cn-north-1.amazonaws.com.cn", True),
        ("lamda.amazonaws.com", False),
        ("lambda.amazonaws.co", False),
        ("lambda", False),
        ("*", False),
    ],
)
def test_service_principals(graph, name, wanted) -> None:
    assert is_service(graph({"Topic": {"Type": "AWS::SNS::Topic"}}), name) is wanted


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringEquals", "aws:SourceAccount", ["111122223333"]),
        ("ForAnyValue:StringLikeIfExists", "aws:TagKeys", ["a*"]),
        ("Bool", "aws:SecureTransport", [False]),
        ("Null", "s3:if-none-match", ["true"]),
        ("StringEquals", "kms:ViaService", ["s3.eu-west-1.amazonaws.com"]),
        ("StringLike", "kms:ViaService", ["dynamodb.*.amazonaws.com"]),
        ("ArnLike", "kms:EncryptionContext:aws:logs:arn", ["arn:aws:logs:*:*:*"]),
        ("StringEquals", "accounts.google.com:aud", ["a"]),
        ("StringEquals", "dynamodb:LeadingKeys", ["a"]),
        ("StringLike", "s3:prefix", [""]),
    ],
)
def test_conditions_that_are_right(operator, key, values) -> None:
    assert condition_fault(operator, key, values) == ""


@pytest.mark.parametrize(
    ("operator", "key", "values", "said"),
    [
        ("StringEqual", "aws:SourceAccount", ["111122223333"], "operator StringEqual"),
        ("StringEquals", "aws:SourceAcount", ["111122223333"], "key aws:SourceAcount"),
        ("StringEquals", "s3:prefixes", ["a"], "key s3:prefixes"),
        ("StringEquals", "aws:SourceAccount", ["1111"], "1111"),
        ("StringEquals", "aws:SourceArn", ["arn:aws:s3:::b*"], "arn:aws:s3:::b*"),
        ("ArnLike", "aws:SourceArn", ["b"], "compares with b"),
        ("Bool", "aws:SecureTransport", [0], "compares with 0"),
        ("Bool", "aws:SecureTransport", ["flase"], "compares with flase"),
        ("StringEquals", "kms:ViaService", ["s3.amazonaws.com"], "s3.amazonaws.com"),
        ("StringEquals", "aws:SourceVpce", [], "no value"),
    ],
)
def test_conditions_that_never_hold_as_meant(operator, key, values, said) -> None:
    assert said in condition_fault(operator, key, values)
