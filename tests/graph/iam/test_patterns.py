"""Patterns of actions and ARNs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.graph.iam.actions import expand, knows_resources, matches
from stackproof.graph.iam.patterns import overlap
from stackproof.graph.iam.targets import fits, is_wide


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/in/*", True),
        ("arn:aws:s3:::b/*/x", "arn:aws:s3:::b/y/*", True),
        ("arn:aws:s3:::b/*x", "arn:aws:s3:::b/*y", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::c*", False),
        ("*", "arn:aws:s3:::b", True),
        ("a?c", "ab*", True),
        ("a?c", "ac", False),
        ("", "*", True),
        ("", "?", False),
    ],
)
def test_two_patterns_meet(one, other, wanted) -> None:
    assert overlap(one, other) is wanted
    assert overlap(other, one) is wanted


def covered(pattern: str, text: str) -> bool:
    return re.fullmatch("".join(".*" if c == "*" else "." if c == "?" else c for c in pattern), text) is not None


@given(st.text("ab*?", max_size=5), st.text("ab*?", max_size=5), st.text("ab", max_size=6))
def test_what_both_cover_makes_them_meet(one: str, other: str, text: str) -> None:
    if covered(one, text) and covered(other, text):
        assert overlap(one, other)


@given(st.text("ab*?", max_size=4), st.text("ab*?", max_size=4))
def test_they_meet_only_in_a_text(one: str, other: str) -> None:
    texts = [""]
    for _ in range(6):
        texts += [text + sign for text in texts for sign in "ab" if len(text) < 6]
    assert overlap(one, other) is any(covered(one, text) and covered(other, text) for text in set(texts))


def test_actions_are_compared_as_iam_does() -> None:
    assert matches("S3:getobject", "s3:GetObject")
    assert matches("s3:Get*", "S3:GETOBJECT")
    assert not matches("s3:GetObject", "s3:GetObjectAcl")
    assert expand("DYNAMODB:getitem") == ("dynamodb:GetItem",)
    assert "s3:GetObjectVersion" in expand("s3:GetObject*")
    assert expand("s3:GetObjcet") == expand("nothing:At") == ()


def test_which_actions_know_resources() -> None:
    assert knows_resources("batch:SubmitJob")
    assert not knows_resources("batch:DescribeJobs")
    assert not knows_resources("ecr:GetAuthorizationToken")


@pytest.mark.parametrize(
    ("action", "form", "wanted"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/*", True),
        ("s3:GetObject", "arn:aws:s3:::b", False),
        ("s3:ListBucket", "arn:aws:s3:::b/*", False),
        ("dynamodb:PutItem", "arn:aws:dynamodb:region:account:table/t/index/i", False),
        ("dynamodb:Query", "arn:aws:dynamodb:region:account:table/t/index/i", True),
        ("batch:SubmitJob", "arn:aws:batch:region:account:job-definition/d:*", True),
        ("batch:DescribeJobs", "arn:aws:batch:region:account:job/*", False),
        ("logs:PutLogEvents", "arn:aws:logs:region:account:log-group:g:*", True),
        ("kms:Decrypt", "arn:aws:sqs:region:account:q", False),
        ("kms:Decrypt", "*", True),
    ],
)
def test_actions_fit_kinds_of_resources(action, form, wanted) -> None:
    assert fits(action, form) is wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:s3:::b/*", False),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/*", True),
        ("arn:aws:dynamodb:eu-west-1:111122223333:*", True),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/t*", False),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:*", True),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/*", True),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*", False),
        ("arn:aws:batch:eu-west-1:111122223333:job/*", False),
        ("arn:aws:batch:*:*:job/*", True),
        ("arn:aws:ecs:eu-west-1:111122223333:cluster/*", True),
        ("arn:aws:iam::111122223333:role/*", True),
        ("arn:*", True),
        ("arn:aws:s3:::b", False),
    ],
)
def test_wildcards_for_a_whole_kind(graph, value, wanted) -> None:
    assert is_wide(graph({"Topic": {"Type": "AWS::SNS::Topic"}}), value) is wanted


def test_clusters_that_aws_batch_makes_have_no_name_yet(graph) -> None:
    made = graph({"It": {"Type": "AWS::Batch::ComputeEnvironment", "Properties": {"Type": "MANAGED"}}})
    assert not is_wide(made, "arn:aws:ecs:eu-west-1:111122223333:cluster/*")
