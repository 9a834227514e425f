"""S3: event notifications, conditional writes, Object Lock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stackproof.embedded.errors import AwsError, EmbeddedError, ProcessKilled
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.bus import Bus
from stackproof.embedded.services.functions import Functions
from stackproof.embedded.services.notifications import Notifications
from stackproof.embedded.services.objects import Objects
from stackproof.embedded.services.queues import Queues
from stackproof.embedded.services.topics import Topics
from stackproof.embedded.world import World
from tests.embedded.services.support import ROLE, FakeAccess, FakeLogs, FakeMetrics, make_function, running_world

REGION = {"LocationConstraint": "eu-central-1"}
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:inbox"


@dataclass
class Stage:
    world: World
    access: FakeAccess
    functions: Functions
    notifications: Notifications
    bus: Bus
    s3: Any

    def configure(self, **configuration: Any) -> None:
        self.world.client("s3").put_bucket_notification_configuration(
            Bucket="inbox", NotificationConfiguration=configuration
        )

    def events(self) -> list[Any]:
        self.world.clock.advance(1)
        return [done.result["Records"][0] for done in self.functions.events.invocations()]

    def queued(self) -> list[Any]:
        sqs = self.world.client("sqs")
        url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_world() as world:
        access, metrics = FakeAccess(), FakeMetrics()
        queues = Queues(world, access, metrics)
        functions = Functions(world, access, queues, FakeLogs(), metrics)
        topics = Topics(world, access, queues, functions, metrics)
        bus = Bus(world, access, functions, queues, topics, metrics)
        notifications = Notifications(world, access, functions, queues, topics, bus)
        Objects(world)
        operator = world.client("s3")
        operator.create_bucket(Bucket="inbox", CreateBucketConfiguration=REGION)
        operator.put_bucket_versioning(Bucket="inbox", VersioningConfiguration={"Status": "Enabled"})
        operator.create_bucket(Bucket="archive", CreateBucketConfiguration=REGION, ObjectLockEnabledForBucket=True)
        operator.put_object_lock_configuration(
            Bucket="archive",
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2}},
            },
        )
        world.client("sqs").create_queue(QueueName="inbox")
        yield Stage(world, access, functions, notifications, bus, world.client("s3", world.identities.issue(ROLE, "p")))


@pytest.fixture
def function(stage: Stage) -> str:
    return make_function(stage.world, "echo", "def handler(e, c):\n    return e\n")


def _lambda(function: str, *rules: tuple[str, str]) -> list[dict[str, Any]]:
    filters = [{"Name": name, "Value": value} for name, value in rules]
    wanted = {"Id": "submit", "LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    return [{**wanted, **({"Filter": {"Key": {"FilterRules": filters}}} if filters else {})}]


def test_event_has_the_form_that_s3_gives_it(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function, ("prefix", "incoming/")))
    version = stage.s3.put_object(Bucket="inbox", Key="incoming/a b+ü.csv", Body=b"data")["VersionId"]
    [event] = stage.events()
    assert event["s3"]["object"] == {
        "key": "incoming/a+b%2B%C3%BC.csv", "size": 4, "eTag": "8d777f385d3dfec8815d20f7496026dc",
        "versionId": version, "sequencer": event["s3"]["object"]["sequencer"],
    }  # fmt: skip
    assert event["s3"]["bucket"]["arn"] == "arn:aws:s3:::inbox"
    assert {name: event[name] for name in ("eventVersion", "eventSource", "awsRegion", "eventName", "eventTime")} == {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
        "eventName": "ObjectCreated:Put", "eventTime": "2026-11-16T08:00:00.000Z",
    }  # fmt: skip
    assert event["s3"]["configurationId"] == "submit"
    assert ("s3.amazonaws.com", "lambda:InvokeFunction", function, "arn:aws:s3:::inbox") in stage.access.asked


def test_filters_and_ways_of_creation(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function, ("Prefix", "incoming/"), ("Suffix", ".csv")))
    stage.s3.put_object(Bucket="inbox", Key="elsewhere/1.csv", Body=b"")
    stage.s3.put_object(Bucket="inbox", Key="incoming/1.txt", Body=b"")
    upload = stage.s3.create_multipart_upload(Bucket="inbox", Key="incoming/2.csv")["UploadId"]
    part = stage.s3.upload_part(Bucket="inbox", Key="incoming/2.csv", UploadId=upload, PartNumber=1, Body=b"x")
    stage.s3.complete_multipart_upload(
        Bucket="inbox", Key="incoming/2.csv", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )  # fmt: skip
    stage.s3.copy_object(Bucket="inbox", Key="incoming/3.csv", CopySource={"Bucket": "inbox", "Key": "incoming/2.csv"})
    stage.s3.put_object(Bucket="inbox", Key="incoming/2.csv", Body=b"new")
    found = stage.events()
    assert [(event["eventName"], event["s3"]["object"]["key"]) for event in found] == [
        ("ObjectCreated:CompleteMultipartUpload", "incoming/2.csv"),
        ("ObjectCreated:Copy", "incoming/3.csv"),
        ("ObjectCreated:Put", "incoming/2.csv"),
    ]
    sequencers = [event["s3"]["object"]["sequencer"] for event in found]
    assert sequencers == sorted(sequencers)
    assert all(len(sequencer) >= 16 for sequencer in sequencers)
    assert all(event["s3"]["object"]["versionId"] for event in found)


def test_failed_write_tells_nobody(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function))
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stage.s3.put_object(Bucket="inbox", Key="k", Body=b"2", IfNoneMatch="*")
    assert [event["s3"]["object"]["size"] for event in stage.events()] == [1]


def test_destination_is_checked_when_it_is_configured_and_again_for_each_event(stage: Stage, function: str) -> None:
    stage.access.denied.add(("s3.amazonaws.com", "lambda:InvokeFunction"))
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as caught:
        stage.configure(LambdaFunctionConfigurations=_lambda(function))
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"
    assert "LambdaFunctionConfigurations" not in stage.s3.get_bucket_notification_configuration(Bucket="inbox")
    stage.access.denied.clear()
    stage.configure(LambdaFunctionConfigurations=_lambda(function))
    stage.access.denied.add(("s3.amazonaws.com", "lambda:InvokeFunction"))
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"")
    assert stage.events() == []
    assert stage.notifications.lost() == [("k", function)]


def test_queue_gets_a_test_message_and_the_event(stage: Stage) -> None:
    stage.configure(QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Put"]}])
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"")
    test, event = stage.queued()
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", "inbox")
    assert event["Records"][0]["s3"]["object"]["key"] == "k"


def test_event_bridge(stage: Stage, function: str) -> None:
    events = stage.world.client("events")
    events.put_rule(
        Name="uploads", EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": ["inbox"]}}})
    )
    events.put_targets(Rule="uploads", Targets=[{"Id": "q", "Arn": QUEUE}])
    stage.configure(EventBridgeConfiguration={})
    stage.s3.put_object(Bucket="inbox", Key="a b", Body=b"1")
    stage.world.clock.advance(2)
    [event] = stage.queued()
    assert (event["detail-type"], event["detail"]["object"]["key"]) == ("Object Created", "a b")


def test_configuration_is_given_back_as_s3_keeps_it(stage: Stage, function: str) -> None:
    [entry] = _lambda(function, ("prefix", "incoming/"))
    other = {**entry, "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".txt"}]}}}
    stage.configure(LambdaFunctionConfigurations=[entry])
    found = stage.s3.get_bucket_notification_configuration(Bucket="inbox")["LambdaFunctionConfigurations"]
    assert found == [{**entry, "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "incoming/"}]}}}]
    with pytest.raises(ClientError, match="Configurations overlap"):
        stage.configure(LambdaFunctionConfigurations=[entry, {**other, "Id": "two"}])
    with pytest.raises(ClientError, match="NoSuchBucket"):
        stage.s3.get_bucket_notification_configuration(Bucket="nowhere")


def test_configuration_is_replaced_and_taken_away(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function))
    stage.configure()
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"")
    assert stage.events() == []


def test_events_that_are_not_emulated_stop_the_session(stage: Stage) -> None:
    stage.configure(QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectRemoved:*"]}])
    with pytest.raises(EmbeddedError, match="ObjectRemoved"):
        stage.s3.delete_object(Bucket="inbox", Key="k")


def test_conditional_write_looks_at_the_current_version_only(stage: Stage) -> None:
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"1", IfNoneMatch="*")
    upload = stage.s3.create_multipart_upload(Bucket="inbox", Key="k")["UploadId"]
    part = stage.s3.upload_part(Bucket="inbox", Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stage.s3.complete_multipart_upload(
            Bucket="inbox", Key="k", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        )
    stage.s3.delete_object(Bucket="inbox", Key="k")
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"2", IfNoneMatch="*")
    assert stage.s3.get_object(Bucket="inbox", Key="k")["Body"].read() == b"2"


def test_versions_are_read_by_id(stage: Stage) -> None:
    first = stage.s3.put_object(Bucket="inbox", Key="k", Body=b"1")["VersionId"]
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"2")
    stage.s3.delete_object(Bucket="inbox", Key="k")
    assert stage.s3.get_object(Bucket="inbox", Key="k", VersionId=first)["Body"].read() == b"1"
    with pytest.raises(ClientError, match="NoSuchKey"):
        stage.s3.get_object(Bucket="inbox", Key="k")
    with pytest.raises(ClientError, match="NoSuchVersion"):
        stage.s3.get_object(Bucket="inbox", Key="k", VersionId="0" * 32)


def _put(stage: Stage) -> str:
    version: str = stage.s3.put_object(Bucket="archive", Key="k", Body=b"1")["VersionId"]
    return version


def _upload(stage: Stage) -> str:
    upload = stage.s3.create_multipart_upload(Bucket="archive", Key="k")["UploadId"]
    part = stage.s3.upload_part(Bucket="archive", Key="k", UploadId=upload, PartNumber=1, Body=b"1")
    version: str = stage.s3.complete_multipart_upload(
        Bucket="archive", Key="k", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )["VersionId"]  # fmt: skip
    return version


@pytest.mark.parametrize("create", [_put, _upload])
def test_locked_version_stays_until_its_retention_ends(stage: Stage, create: Any) -> None:
    version = create(stage)
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.s3.delete_object(Bucket="archive", Key="k", VersionId=version)
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.s3.delete_object(Bucket="archive", Key="k", VersionId=version, BypassGovernanceRetention=True)
    stage.s3.delete_object(Bucket="archive", Key="k")
    assert stage.s3.get_object(Bucket="archive", Key="k", VersionId=version)["Body"].read() == b"1"
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.s3.put_object_retention(
            Bucket="archive", Key="k", VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": stage.world.clock.now()},
        )  # fmt: skip
    stage.world.clock.advance(2 * 86_400 + 1)
    stage.s3.delete_object(Bucket="archive", Key="k", VersionId=version)
    with pytest.raises(ClientError):
        stage.s3.get_object(Bucket="archive", Key="k", VersionId=version)


def test_versioning_of_a_locked_bucket_cannot_be_suspended(stage: Stage) -> None:
    with pytest.raises(ClientError, match="InvalidBucketState"):
        stage.s3.put_bucket_versioning(Bucket="archive", VersioningConfiguration={"Status": "Suspended"})
    assert stage.s3.get_bucket_versioning(Bucket="archive")["Status"] == "Enabled"


def test_bucket_policy_is_left_to_iam(stage: Stage) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::inbox/*"],
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stage.world.client("s3").put_bucket_policy(Bucket="inbox", Policy=policy)
    stage.s3.put_object(Bucket="inbox", Key="k", Body=b"1")
    assert stage.s3.get_object(Bucket="inbox", Key="k")["Body"].read() == b"1"


def test_event_is_sent_though_the_writer_dies_or_gets_no_answer(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function))
    failures: list[AwsError | ProcessKilled] = [AwsError("InternalError", "lost", status=500), ProcessKilled("p")]

    def fail(call: Call, answer: Answer) -> None:
        if call.operation == "PutObject" and failures:
            raise failures.pop(0)

    stage.world.seam._observers.insert(0, fail)
    with pytest.raises(ProcessKilled):
        stage.s3.put_object(Bucket="inbox", Key="k", Body=b"1")
    assert [event["s3"]["object"]["key"] for event in stage.events()] == ["k", "k"]


def test_redelivery_is_the_same_event_again(stage: Stage, function: str) -> None:
    stage.configure(LambdaFunctionConfigurations=_lambda(function))
    for body in (b"old", b"newer"):
        stage.s3.put_object(Bucket="inbox", Key="k", Body=body)
    stage.notifications.redeliver("inbox", "k")
    old, new, again = stage.events()
    assert again == new != old
    with pytest.raises(EmbeddedError, match="no event"):
        stage.notifications.redeliver("inbox", "other")
