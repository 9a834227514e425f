"""What the submit function is asked to do: S3 events and the monitor's hand-overs. Pure.

S3 form-encodes keys (`red flower.jpg` arrives as `red+flower.jpg`), delivers at least once and in no order, and sends a
test message when a notification is set up. A bucket without versioning names no version: such an object could change
under the job, so it is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord

from batchflow.errors import EventError
from batchflow.model import Upload

HAND_OVER_SOURCE = "batchflow.monitor"
BATCH_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Intake:
    """All that one event asks for; what cannot be understood is kept beside it, so that it spoils nothing else."""

    uploads: tuple[Upload, ...] = ()
    batch_ids: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """Why something in the event needs no work."""
    malformed: Mapping[str, str] | None = None
    """What is wrong, by the place in the event."""


def read(event: Any) -> Intake:
    """Return what an event asks for; EventError if the event as a whole is of no known form."""
    if not isinstance(event, Mapping):
        raise EventError("the event is no JSON object")
    if event.get("source") == HAND_OVER_SOURCE:
        return Intake(batch_ids=_batch_ids(event.get("batch_ids")))
    if event.get("Event") == "s3:TestEvent":
        return Intake(ignored=("test message of S3",))
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        raise EventError("the event has neither S3 records nor a source that is known")
    return _records(records)


def _batch_ids(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise EventError("batch_ids must be a list with at least one batch id")
    if not all(isinstance(item, str) and BATCH_ID.fullmatch(item) for item in value):
        raise EventError("batch_ids holds something that is no batch id (64 hexadecimal digits)")
    return tuple(dict.fromkeys(value))


def _records(records: list[Any]) -> Intake:
    uploads: dict[str, Upload] = {}
    ignored: list[str] = []
    malformed: dict[str, str] = {}
    for number, record in enumerate(records):
        try:
            upload = _upload(record)
        except EventError as error:
            malformed[f"Records[{number}]"] = str(error)
            continue
        if isinstance(upload, str):
            ignored.append(upload)
        else:
            uploads.setdefault(upload.batch_id, upload)
    return Intake(uploads=tuple(uploads.values()), ignored=tuple(ignored), malformed=malformed)


def _upload(record: Any) -> Upload | str:
    if not isinstance(record, Mapping):
        raise EventError("no JSON object")
    name = record.get("eventName")
    if not isinstance(name, str):
        raise EventError("no eventName")
    if not name.startswith("ObjectCreated:"):
        return f"event {name!r} creates no object"
    try:
        typed = S3EventRecord(dict(record)).s3
        bucket, item = typed.bucket.name, typed.get_object
        key, size, version = unquote_plus(item.key, errors="strict"), item.size, item.version_id
        sequencer = item.get("sequencer") or ""
        key.encode()  # a lone surrogate is no key
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventError(f"no S3 object in it ({type(error).__name__})") from None
    if not isinstance(bucket, str) or not bucket or not key or size < 0:
        raise EventError("bucket, key or size is empty or wrong")
    if size == 0 and key.endswith("/"):
        return "a folder marker, no file"
    if not isinstance(version, str) or version in ("", "null"):
        raise EventError("the object has no version: versioning must be enabled on the bucket")
    return Upload(bucket=bucket, key=key, version_id=version, size=size, sequencer=str(sequencer))
