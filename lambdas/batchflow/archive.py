"""The write-once copy of the audit trail, in the bucket under Object Lock.

Every event is one object, written with `If-None-Match: *`: the first copy stays, and whoever comes second, even the
same writer after a lost answer, finds it done. The bucket's default retention locks it.
"""

from typing import Any

from botocore.exceptions import ClientError

from batchflow import ledger
from batchflow.model import AuditEvent

TRIES = 3


def key(event: AuditEvent) -> str:
    """Return the object key of an event."""
    return f"audit/{event.batch_id}/{event.sequence:08d}.json"


class Archive:
    """The audit archive bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, event: AuditEvent) -> None:
        """Store an event; nothing happens if it is there already."""
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=key(event),
                    Body=ledger.document(event),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
                return
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in ("PreconditionFailed", "412"):
                    return
                # 409: another writer of the same key is at work just now; its result decides.
                if last or code not in ("ConditionalRequestConflict", "409"):
                    raise
