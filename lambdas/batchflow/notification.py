"""The custom resource `Custom::BucketNotification`: lets a bucket invoke a function without a circle in the template.

Properties: BucketName, FunctionArn, Prefix, NotificationId. The physical id is `<bucket>/<notification id>`: constant
while both stay, and another one if either changes, whereupon CloudFormation deletes the old one after the update.

S3 has no conditional write for notifications: between our read and write another writer of the same bucket's
configuration may be lost, or may lose ours. Within a stack there is one such resource; others should use their own
buckets or run one after the other.

Only the standard library and boto3 are imported: whatever fails to import here would leave CloudFormation waiting.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from batchflow import clients
from batchflow.answer import Answer, send
from batchflow.merge import Target, merge, same

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

PAUSES = (2.0, 5.0)
"""Seconds between tries of a configuration that S3 calls invalid."""
NOT_CREATED = "not-created"
"""Physical id of a resource whose first request was too malformed to name one."""


class RequestError(Exception):
    """A request that cannot be carried out as it stands."""


def handler(event: dict[str, Any], context: object) -> None:
    """Carry out a request of CloudFormation and answer it, whatever happens."""
    fallback = str(event.get("PhysicalResourceId") or NOT_CREATED)
    try:
        answer = Answer(physical_id=serve(event, clients.patient("s3")))
    except Exception as error:  # an error that escapes here would block the stack until its timeout
        logger.exception("request failed")
        answer = Answer(physical_id=_wanted_id(event) or fallback, reason=f"{type(error).__name__}: {error}")
    send(event, answer)


def serve(event: Mapping[str, Any], s3: Any) -> str:
    """Carry out a request and return the physical id; errors are for the handler to report."""
    match event.get("RequestType"):
        case "Create":
            return _put(event, s3, frozenset())
        case "Update":
            return _update(event, s3)
        case "Delete":
            return _delete(event, s3)
        case other:
            raise RequestError(f"RequestType must be Create, Update or Delete, not {other!r}")


def _update(event: Mapping[str, Any], s3: Any) -> str:
    """Put the new entry. An old one in the same bucket goes in the same write: S3 refuses entries that overlap.

    An old one in another bucket is left to the Delete that CloudFormation sends for the old physical id.
    """
    bucket, old_id = _parts(event.get("PhysicalResourceId"))
    stale = frozenset({old_id}) if bucket == _property(event, "BucketName") else frozenset()
    return _put(event, s3, stale)


def _put(event: Mapping[str, Any], s3: Any, stale: frozenset[str]) -> str:
    bucket = _property(event, "BucketName")
    target = Target(
        notification_id=_property(event, "NotificationId"),
        function_arn=_property(event, "FunctionArn"),
        prefix=_property(event, "Prefix"),
    )
    _write(s3, bucket, stale, target)
    return f"{bucket}/{target.notification_id}"


def _delete(event: Mapping[str, Any], s3: Any) -> str:
    """Remove our entry and no other; nothing to do if it was never made or the bucket is gone."""
    physical_id = str(event.get("PhysicalResourceId") or NOT_CREATED)
    bucket, notification_id = _parts(physical_id)
    if bucket:
        try:
            _write(s3, bucket, frozenset({notification_id}), None)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchBucket", "404"):
                raise
            logger.info("bucket is gone, and its notifications with it")
    return physical_id


def _write(s3: Any, bucket: str, remove: frozenset[str], target: Target | None) -> None:
    current = s3.get_bucket_notification_configuration(Bucket=bucket)
    wanted = merge(current, remove, target)
    if same(current, wanted):
        logger.info("nothing to change")
        return
    for pause in (*PAUSES, None):
        try:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
            return
        except ClientError as error:
            # S3 tries whether it may invoke the function, and a new permission takes a moment to be seen everywhere.
            if error.response["Error"]["Code"] != "InvalidArgument" or pause is None:
                raise
            time.sleep(pause)


def _property(event: Mapping[str, Any], name: str) -> str:
    properties = event.get("ResourceProperties")
    value = properties.get(name) if isinstance(properties, Mapping) else None
    if not isinstance(value, str) or not value:
        raise RequestError(f"property {name} is missing: it must be a text that is not empty")
    return value


def _parts(physical_id: object) -> tuple[str, str]:
    """Return bucket and notification id out of a physical id; two empty texts if it is none of ours."""
    bucket, slash, notification_id = str(physical_id or "").partition("/")
    return (bucket, notification_id) if slash and notification_id else ("", "")


def _wanted_id(event: Mapping[str, Any]) -> str:
    """Return the id that a failed request should be known by: a create's own, so that its Delete finds it."""
    if event.get("RequestType") != "Create":
        return ""
    try:
        return f"{_property(event, 'BucketName')}/{_property(event, 'NotificationId')}"
    except RequestError:
        return ""
