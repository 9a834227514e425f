"""Names, lifecycles and locks of buckets."""

import pytest

from stackproof.graph.buckets import is_named, receives_logs, refuses_keys, words
from stackproof.graph.lifecycle import enabled
from stackproof.graph.locks import lock_days
from stackproof.template.model import Resource


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("AuditLogTable", ["audit", "log", "table"]),
        ("audit-log_table.x", ["audit", "log", "table", "x"]),
        ("S3AuditLOGBucket2", ["s3", "audit", "log", "bucket2"]),
        ("Catalog", ["catalog"]),
        ("", []),
    ],
)
def test_words(name: str, parts: list[str]) -> None:
    assert words(name) == parts


def named(logical_id: str, **properties) -> Resource:
    return Resource(logical_id=logical_id, type="AWS::S3::Bucket", properties=properties)


def test_names_are_matched_by_word_and_by_pair() -> None:
    assert is_named(named("RateLimits"), "^ratelimits?$")
    assert is_named(named("X", BucketName="acme-worm"), "worm", "BucketName")
    assert not is_named(named("Catalog"), "^logs?$")
    assert not is_named(named("X", BucketName=["worm"]), "worm", "BucketName")


LOGS = """
Resources:
  Logs: {Type: 'AWS::S3::Bucket', Properties: {BucketName: acme-logs}}
  Data: {Type: 'AWS::S3::Bucket', Properties: {LoggingConfiguration: {DestinationBucketName: %s}}}
  Web:
    Type: 'AWS::CloudFront::Distribution'
    Properties: {DistributionConfig: {Logging: {Bucket: %s}}}
"""


@pytest.mark.parametrize(
    ("destination", "web", "receives", "refuses"),
    [
        ("!Ref Logs", "x.s3.amazonaws.com", True, True),
        ("acme-logs", "x.s3.amazonaws.com", True, True),
        ("other", "!GetAtt Logs.DomainName", True, False),
        ("other", "!Sub '${Logs}.s3.amazonaws.com'", True, False),
        ("other", "acme-logs.s3.amazonaws.com", True, False),
        ("!Ref Logs", "!GetAtt Logs.DomainName", True, True),
        ("!Ref Data", "x.s3.amazonaws.com", False, False),
        ("other", "x.s3.amazonaws.com", False, False),
    ],
)
def test_buckets_that_receive_logs(graph, destination: str, web: str, receives: bool, refuses: bool) -> None:
    made = graph(LOGS % (destination, web))
    bucket = made.resources["Logs"]
    assert (receives_logs(made, bucket), refuses_keys(made, bucket)) == (receives, refuses)


def test_rules_of_a_lifecycle() -> None:
    rules = [
        {"Status": "Enabled", "Filter": {"And": {"Prefix": "a/"}}, "NoncurrentVersionExpirationInDays": 3},
        {"Status": "Disabled", "ExpirationInDays": 1},
        {"Status": "Enabled", "Prefix": "b/", "Transitions": []},
        "odd",
    ]
    first, second = enabled(named("B", LifecycleConfiguration={"Rules": rules}))
    assert (first.prefix, first.noncurrent[1], first.removes_data, first.path[-1]) == ("a/", 3, False, 0)
    assert (second.prefix, second.noncurrent[1], second.removes_data, second.path[-1]) == ("b/", None, True, 2)


@pytest.mark.parametrize(
    ("retention", "days"),
    [({"Years": 2}, 730), ({"Days": 9}, 9), ({}, 0), ({"Days": True}, 0), ({"Years": "x"}, 0), ({"Days": -1}, 0)],
)
def test_days_of_a_lock(retention, days: int) -> None:
    assert lock_days(named("B", ObjectLockConfiguration={"Rule": {"DefaultRetention": retention}})) == days
