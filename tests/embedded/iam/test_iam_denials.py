"""Each entry of the operations table denies: without its permission, and with everything allowed but it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.iam.deployed import Deployed
from stackproof.embedded.iam.operations import SERVICES
from stackproof.embedded.iam.operations.entry import Entry, Need
from stackproof.embedded.iam.requests import needs
from tests.embedded.iam.support import ACCOUNT, REGION, Aws, allow, deny, document, running

OBJECT = {"Bucket": "data", "Key": "incoming/a.csv"}
VERSION = {**OBJECT, "VersionId": "v1"}
LOCKED = {
    "ACL": "private",
    "Tagging": "a=b",
    "ObjectLockMode": "GOVERNANCE",
    "ObjectLockRetainUntilDate": datetime(2030, 1, 1, tzinfo=UTC),
    "ObjectLockLegalHoldStatus": "ON",
}
BUCKET = {"Bucket": "data"}
QUEUE = {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/letters"}
TOPIC = {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"}
ITEM = {"TableName": "jobs", "Key": {"batch_id": {"S": "b1"}}}
KEY = "KEY"  # replaced by the ARN of a key

CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "batch": [
        ("SubmitJob", {"jobName": "n", "jobQueue": "q", "jobDefinition": "d", "tags": {"Project": "p"}}),
        ("ListJobs", {}),
        ("DescribeJobs", {"jobs": ["j1"]}),
        ("DescribeJobQueues", {}),
        ("DescribeJobDefinitions", {}),
        ("DescribeComputeEnvironments", {}),
        ("TerminateJob", {"jobId": "j1", "reason": "r"}),
        ("CancelJob", {"jobId": "j1", "reason": "r"}),
    ],
    "cloudwatch": [
        ("PutMetricData", {"Namespace": "n", "MetricData": []}),
        ("GetMetricData", {}),
        ("GetMetricStatistics", {}),
        ("ListMetrics", {}),
    ],
    "dynamodb": [
        ("GetItem", ITEM),
        ("PutItem", {"TableName": "jobs", "Item": {"batch_id": {"S": "b1"}}}),
        ("UpdateItem", ITEM),
        ("DeleteItem", ITEM),
        ("Query", {"TableName": "jobs", "KeyConditionExpression": "batch_id = :b"}),
        ("Query", {"TableName": "jobs", "IndexName": "active-index", "KeyConditionExpression": "active = :a"}),
        ("Scan", {"TableName": "jobs"}),
        ("Scan", {"TableName": "jobs", "IndexName": "active-index"}),
        ("BatchGetItem", {"RequestItems": {"jobs": {"Keys": [ITEM["Key"]]}}}),
        ("BatchWriteItem", {"RequestItems": {"jobs": [{"DeleteRequest": {"Key": ITEM["Key"]}}]}}),
        ("TransactGetItems", {"TransactItems": [{"Get": ITEM}]}),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "audit", "Item": {}}},
                    {"Update": ITEM},
                    {"Delete": ITEM},
                    {"ConditionCheck": ITEM},
                ]
            },
        ),
        (
            "ExecuteTransaction",
            {
                "TransactStatements": [
                    {"Statement": "INSERT INTO \"audit\" VALUE {'batch_id': ?}", "Parameters": [{"S": "b1"}]},
                    {"Statement": 'UPDATE "jobs" SET "a"=? REMOVE "b" WHERE "batch_id"=?'},
                ]
            },
        ),
        ("ExecuteStatement", {"Statement": "DELETE FROM jobs WHERE batch_id='b1'"}),
        ("ExecuteStatement", {"Statement": "SELECT * FROM jobs"}),
        ("ExecuteStatement", {"Statement": 'SELECT a, b FROM "jobs"."active-index"'}),
        *((f"{verb}Table", {"TableName": "jobs"}) for verb in ("Describe", "Update", "Delete")),
        *((f"{verb}TimeToLive", {"TableName": "jobs"}) for verb in ("Describe", "Update")),
        *((f"{verb}ContinuousBackups", {"TableName": "jobs"}) for verb in ("Describe", "Update")),
        ("ListTables", {}),
    ],
    "ecr": [
        ("GetAuthorizationToken", {}),
        *(
            (operation, {"repositoryName": "processor"})
            for operation in ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability")
        ),
    ],
    "events": [("PutEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]})],
    "kms": [(operation, {"KeyId": KEY}) for operation in ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey")],
    "lambda": [
        (operation, {"FunctionName": "f"}) for operation in ("Invoke", "GetFunction", "GetFunctionConfiguration")
    ],
    "logs": [
        *(
            (operation, {"logGroupName": "/g", "logStreamName": "s"})
            for operation in ("CreateLogStream", "PutLogEvents", "GetLogEvents")
        ),
        *((op, {"logGroupName": "/g"}) for op in ("DescribeLogStreams", "FilterLogEvents", "CreateLogGroup")),
    ],
    "s3": [
        *(
            (operation, parameters)
            for operation in ("GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging", "PutObjectTagging")
            for parameters in (OBJECT, VERSION)
        ),
        ("DeleteObject", OBJECT),
        ("DeleteObject", {**VERSION, "BypassGovernanceRetention": True}),
        ("PutObject", {**OBJECT, **LOCKED}),
        ("CreateMultipartUpload", {**OBJECT, **LOCKED}),
        ("CopyObject", {**OBJECT, **LOCKED, "CopySource": "other/from%20here"}),
        ("CopyObject", {**OBJECT, "CopySource": {"Bucket": "other", "Key": "k", "VersionId": "v2"}}),
        ("UploadPart", OBJECT),
        ("CompleteMultipartUpload", OBJECT),
        ("AbortMultipartUpload", OBJECT),
        ("ListParts", OBJECT),
        ("GetObjectRetention", OBJECT),
        ("PutObjectRetention", {**OBJECT, "Retention": {"Mode": "GOVERNANCE"}, "BypassGovernanceRetention": True}),
        ("GetObjectLegalHold", OBJECT),
        ("PutObjectLegalHold", OBJECT),
        *(
            (operation, BUCKET)
            for operation in (
                "ListObjectsV2",
                "ListObjects",
                "HeadBucket",
                "ListObjectVersions",
                "ListMultipartUploads",
                "GetBucketLocation",
                "GetBucketVersioning",
                "PutBucketVersioning",
                "GetBucketNotificationConfiguration",
                "PutBucketNotificationConfiguration",
                "GetBucketPolicy",
                "PutBucketPolicy",
                "DeleteBucketPolicy",
                "GetBucketEncryption",
                "GetObjectLockConfiguration",
                "PutObjectLockConfiguration",
                "PutBucketLifecycleConfiguration",
                "DeleteBucket",
            )
        ),
        ("ListBuckets", {}),
    ],
    "sns": [
        ("Publish", {**TOPIC, "Message": "m"}),
        *((op, TOPIC) for op in ("PublishBatch", "Subscribe", "GetTopicAttributes", "SetTopicAttributes")),
    ],
    "sqs": [
        *(
            (operation, QUEUE)
            for operation in (
                "SendMessage",
                "SendMessageBatch",
                "ReceiveMessage",
                "DeleteMessage",
                "DeleteMessageBatch",
                "ChangeMessageVisibility",
                "GetQueueAttributes",
                "PurgeQueue",
            )
        ),
        ("GetQueueUrl", {"QueueName": "letters"}),
    ],
    "sts": [],
    "xray": [
        (operation, {})
        for operation in ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    ],
}
ENTRIES = [
    pytest.param(service.name, entry, id=f"{service.name}:{entry.operation}>{entry.action}:{entry.resource}")
    for service in SERVICES.values()
    for entry in service.entries
]
WHO = f"arn:aws:iam::{ACCOUNT}:role/elsewhere"


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Aws, str]]:
    with running() as aws:
        yield aws, aws.key()


def example(aws: Aws, key: str, service: str, entry: Entry) -> tuple[str, dict[str, Any]]:
    """A call that needs this entry's permission."""
    table = SERVICES[service]
    for operation, given in CALLS[service]:
        parameters = {name: key if value == KEY else value for name, value in given.items()}
        split = table.parts.get(operation)
        for name, part in split(parameters) if split else [(operation, parameters)]:
            if name == entry.operation and entry.is_needed(part):
                return operation, parameters
    raise AssertionError(f"No example of a call for {entry}.")


def own_need(found: list[Need], entry: Entry) -> Need:
    """Of a call's permissions, the one of this entry."""
    marks = {"index": "/index/", "job-queue": ":job-queue/", "job-definition-revision": ":job-definition/"}
    mark = marks.get(entry.resource, "")
    return next(need for need in found if need.action == entry.action and mark in need.resource)


def judge(aws: Aws, policy: str, service: str, operation: str, parameters: dict[str, Any]) -> AwsError | None:
    aws.iam.add_external(WHO, policies=[policy])
    try:
        aws.iam.check(aws.call(WHO, service, operation, parameters))
    except AwsError as error:
        return error
    return None


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_an_entry_denies_and_allows(started: tuple[Aws, str], service: str, entry: Entry) -> None:
    aws, key = started
    operation, parameters = example(aws, key, service, entry)
    wanted = needs(service, operation, parameters, Deployed(aws.world.account))
    need = own_need(wanted, entry)
    exactly = [allow(one.action, one.resource) for one in wanted]
    others = [allow(one.action, one.resource) for one in wanted if one is not need]
    spoken = need.action.replace("sns:", "SNS:")

    assert judge(aws, document(*exactly), service, operation, parameters) is None
    refused = judge(aws, document(allow("*"), deny(need.action, need.resource)), service, operation, parameters)
    missing = judge(aws, document(*others), service, operation, parameters)
    assert missing is not None
    assert refused is not None
    if operation.startswith("Head"):
        assert [(e.code, e.message, e.status) for e in (missing, refused)] == [("403", "Forbidden", 403)] * 2
        return
    assert f"perform: {spoken} on resource: " in missing.message
    assert need.resource in missing.message
    assert missing.message.endswith(f"because no identity-based policy allows the {spoken} action")
    assert f"perform: {spoken} on resource: " in refused.message
    assert refused.message.endswith("with an explicit deny in an identity-based policy")


def test_every_service_has_examples() -> None:
    assert set(CALLS) == set(SERVICES)


def test_an_operation_the_table_lacks_is_named(started: tuple[Aws, str]) -> None:
    aws, _ = started
    aws.iam.add_external(WHO, policies=[document(allow("*"))])
    for service, operation in (("s3", "GetBucketAcl"), ("glacier", "ListVaults"), ("s3", "DeleteObjects")):
        with pytest.raises(EmbeddedError, match=f"{service}:{operation}"):
            aws.iam.check(aws.call(WHO, service, operation, {}))


def test_who_am_i_needs_no_permission(started: tuple[Aws, str]) -> None:
    aws, _ = started
    assert judge(aws, document(deny("*")), "sts", "GetCallerIdentity", {}) is None
