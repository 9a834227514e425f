"""S3 event notifications as AWS sends them, in place of moto's.

Sources: S3, Event message structure; S3, Enabling event notifications; API PutBucketNotificationConfiguration.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import quote_plus

from moto.s3 import notifications as moto_notifications
from moto.s3.models import s3_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.identity import Principal
from stackproof.embedded.ports import Access, Bus, Functions, Queues, Topics
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.services.bucketevents import KINDS, normalised, wants
from stackproof.embedded.world import World

SERVICE = "s3.amazonaws.com"
_CREATIONS = {
    "PutObject": "ObjectCreated:Put",
    "CompleteMultipartUpload": "ObjectCreated:CompleteMultipartUpload",
    "CopyObject": "ObjectCreated:Copy",
}
_UNSEEN = {"DeleteObject", "DeleteObjects", "PutObjectTagging", "PutObjectAcl", "RestoreObject", "DeleteObjectTagging"}


@dataclass(kw_only=True)
class _State:
    """Each bucket's configuration as it was put; `sequence` numbers the objects; `latest` holds each key's latest."""

    configurations: dict[str, dict[str, Any]] = field(default_factory=dict)
    sequence: int = 0
    lost: list[tuple[str, str]] = field(default_factory=list)
    latest: dict[tuple[str, str], "_Created"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Created:
    """An object that was just created."""

    bucket: str
    key: str
    name: str
    size: int
    etag: str
    version: str | None
    sequencer: str
    time: str
    principal: Principal
    request_id: str


class Notifications:
    """Watches the seam for new objects and tells whom their bucket's configuration names."""

    def __init__(
        self, world: World, access: Access, functions: Functions, queues: Queues, topics: Topics, bus: Bus
    ) -> None:
        self._world, self._access, self._bus = world, access, bus
        self._functions, self._queues, self._topics = functions, queues, topics
        for name in ("send_event", "send_test_event"):
            world.stack.enter_context(mock.patch.object(moto_notifications, name, return_value=None))
        world.seam.override("s3", "PutBucketNotificationConfiguration", self._put)
        world.seam.override("s3", "GetBucketNotificationConfiguration", self._get)
        world.seam.intercept(self._check)
        world.seam.observe(self._observe)

    def lost(self) -> list[tuple[str, str]]:
        """(key, destination) of the events that S3 was not allowed to deliver any more."""
        return list(self._state().lost)

    def redeliver(self, bucket: str, key: str) -> None:
        """Deliver the events of a key's latest version once more, as S3 may at any time.

        Raises: EmbeddedError when there was none.
        """
        made = self._state().latest.get((bucket, key))
        if made is None:
            raise EmbeddedError(f"S3 has sent no event of s3://{bucket}/{key} yet.")
        self._tell(made, self._state().configurations.get(bucket, {}))

    def _state(self) -> _State:
        return self._world.state("notifications", _State)

    def _check(self, call: Call) -> None:
        """Events that a configuration asks for and would not get."""
        if call.service == "s3" and call.operation in _UNSEEN:
            wanted = self._state().configurations.get(call.parameters["Bucket"], {})
            events = {event for kind in KINDS for one in wanted.get(kind, []) for event in one["Events"]}
            others = {event for event in events if not event.startswith("s3:ObjectCreated:")}
            if others or "EventBridgeConfiguration" in wanted:
                raise EmbeddedError(
                    f"{call.name} in a bucket that notifies of {sorted(others) or 'all'} is not emulated."
                )

    def _put(self, call: Call) -> Mapping[str, Any]:
        bucket, wanted = call.parameters["Bucket"], call.parameters["NotificationConfiguration"]
        self._require_bucket(bucket)
        kept = normalised(wanted, lambda: self._world.ids.hex(32))
        if not call.parameters.get("SkipDestinationValidation"):
            self._validate(bucket, kept)
        self._state().configurations[bucket] = kept
        self._send_tests(bucket, kept)
        return {}

    def _get(self, call: Call) -> Mapping[str, Any]:
        self._require_bucket(call.parameters["Bucket"])
        return self._state().configurations.get(call.parameters["Bucket"], {})

    def _require_bucket(self, name: str) -> None:
        if name not in s3_backends[self._world.account.id][self._world.account.partition].buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)

    def _validate(self, bucket: str, wanted: Mapping[str, Any]) -> None:
        """S3 checks at once that it may reach every destination."""
        for kind, (field_name, action) in KINDS.items():
            for one in wanted.get(kind, []):
                try:
                    self._access.require_service(SERVICE, action, one[field_name], source_arn=self._bucket_arn(bucket))
                except AwsError:
                    text = "Unable to validate the following destination configurations"
                    raise AwsError("InvalidArgument", text) from None

    def _observe(self, call: Call, answer: Answer) -> None:
        if call.service != "s3" or answer.error is not None:
            return
        if call.operation == "DeleteBucket":
            self._state().configurations.pop(call.parameters["Bucket"], None)
        elif call.operation in _CREATIONS:
            self._created(call, answer)

    def _created(self, call: Call, answer: Answer) -> None:
        bucket, key = call.parameters["Bucket"], call.parameters["Key"]
        wanted = self._state().configurations.get(bucket)
        if not wanted:
            return
        found = s3_backends[self._world.account.id][self._world.account.partition].get_object(bucket, key)
        if found is None:
            raise EmbeddedError(f"{call.name} left no object s3://{bucket}/{key}.")
        state = self._state()
        state.sequence += 1
        versioned = answer.parsed.get("VersionId")
        made = _Created(
            bucket=bucket,
            key=key,
            name=_CREATIONS[call.operation],
            size=int(found.size),
            etag=str(found.etag).strip('"'),
            version=str(versioned) if versioned and versioned != "null" else None,
            sequencer=f"{0x0066000000000000 + int(call.at.timestamp()) * 4096 + state.sequence:016X}",
            time=f"{call.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            principal=call.principal,
            request_id=self._world.ids.hex(16).upper(),
        )
        state.latest[bucket, key] = made
        self._tell(made, wanted)

    def _tell(self, made: _Created, wanted: Mapping[str, Any]) -> None:
        for kind, (field_name, action) in KINDS.items():
            for one in wanted.get(kind, []):
                if wants(one, made.name, made.key):
                    self._send(made, one[field_name], action, {"Records": [self._record(made, one.get("Id", ""))]})
        if "EventBridgeConfiguration" in wanted:
            self._bus.put(self._bus_event(made))

    def _send(self, made: _Created, target: str, action: str, event: dict[str, Any]) -> None:
        source = self._bucket_arn(made.bucket)
        try:
            match action:
                case "lambda:InvokeFunction":
                    self._access.require_service(SERVICE, action, target, source_arn=source)
                    self._functions.invoke_async(target, event)
                case "sqs:SendMessage":
                    body = json.dumps(event)
                    self._queues.send(target, body, attributes={}, service=SERVICE, source_arn=source)
                case "sns:Publish":
                    subject = "Amazon S3 Notification"
                    self._topics.publish(SERVICE, target, subject=subject, message=json.dumps(event), source_arn=source)
        except AwsError:
            self._state().lost.append((made.key, target))

    def _send_tests(self, bucket: str, wanted: Mapping[str, Any]) -> None:
        source = self._bucket_arn(bucket)
        message = {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": f"{self._world.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "Bucket": bucket,
            "RequestId": self._world.ids.hex(16).upper(),
            "HostId": self._world.ids.hex(32),
        }
        for one in wanted.get("QueueConfigurations", []):
            self._queues.send(one["QueueArn"], json.dumps(message), attributes={}, service=SERVICE, source_arn=source)
        for one in wanted.get("TopicConfigurations", []):
            subject = "Amazon S3 Notification"
            self._topics.publish(
                SERVICE, one["TopicArn"], subject=subject, message=json.dumps(message), source_arn=source
            )

    def _bucket_arn(self, bucket: str) -> str:
        return f"arn:{self._world.account.partition}:s3:::{bucket}"

    def _record(self, made: _Created, configuration: str) -> dict[str, Any]:
        version = {"versionId": made.version} if made.version else {}
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self._world.account.region,
            "eventTime": made.time,
            "eventName": made.name,
            "userIdentity": {"principalId": f"AWS:{made.principal.arn.rpartition('/')[2]}:{made.principal.session}"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": made.request_id, "x-amz-id-2": made.request_id * 4},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": {
                    "name": made.bucket,
                    "ownerIdentity": {"principalId": self._world.account.id},
                    "arn": self._bucket_arn(made.bucket),
                },
                "object": {
                    "key": quote_plus(made.key, safe="/"),
                    "size": made.size,
                    "eTag": made.etag,
                    **version,
                    "sequencer": made.sequencer,
                },
            },
        }

    def _bus_event(self, made: _Created) -> dict[str, Any]:
        version = {"version-id": made.version} if made.version else {}
        item = {"key": made.key, "size": made.size, "etag": made.etag, **version, "sequencer": made.sequencer}
        detail = {
            "version": "0",
            "bucket": {"name": made.bucket},
            "object": item,
            "request-id": made.request_id,
            "requester": self._world.account.id,
            "source-ip-address": "127.0.0.1",
            "reason": {"ObjectCreated:Put": "PutObject", "ObjectCreated:Copy": "CopyObject"}.get(
                made.name, "CompleteMultipartUpload"
            ),
        }
        return {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "resources": [self._bucket_arn(made.bucket)],
            "detail": detail,
        }
