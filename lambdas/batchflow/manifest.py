"""The manifest that a job publishes exactly once: what it says, and how it is read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from batchflow.errors import ManifestError

SCHEMA = "batchflow.manifest/1"
SHA256 = re.compile(r"[0-9a-f]{64}")
MAXIMUM_BYTES = 1_000_000


class Outcome(StrEnum):
    """How the processor ended with the file."""

    PROCESSED = "processed"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What the record takes from a manifest."""

    outcome: Outcome
    file_reason: str | None
    attempt: str
    sha256: str
    """Of all bytes of the input, hexadecimal."""
    lines: int
    accepted: int
    rejected: int
    reasons: str
    """JSON object: rejected lines by reason."""
    control: str
    """JSON object: declared and computed totals."""
    control_matches: bool
    seconds: float


def key(batch_id: str) -> str:
    """Return the object key of a batch's manifest."""
    return f"manifests/{batch_id}.json"


def parse(body: bytes, batch_id: str) -> Manifest:
    """Return the manifest of a batch; ManifestError names what is missing or wrong in it."""
    try:
        data = json.loads(body)
    except ValueError:
        raise ManifestError(f"manifest of {batch_id} is no JSON") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ManifestError(f"manifest of {batch_id} is not of schema {SCHEMA}")
    if data.get("batch_id") != batch_id:
        raise ManifestError(f"manifest of {batch_id} names another batch")
    try:
        return _manifest(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"manifest of {batch_id}: missing or wrong: {error}") from None


def _manifest(data: Mapping[str, Any]) -> Manifest:
    control, reasons = data["control"], data["reasons"]
    if not isinstance(control, dict) or not isinstance(control["matches"], bool):
        raise TypeError("control")
    if not isinstance(reasons, dict) or not SHA256.fullmatch(data["sha256"]):
        raise TypeError("reasons or sha256")
    if not isinstance(data["file_reason"], str | None):
        raise TypeError("file_reason")
    lines, accepted, rejected = (_amount(data, name) for name in ("lines", "accepted", "rejected"))
    if accepted + rejected != lines:
        raise ValueError("accepted + rejected is not lines")
    return Manifest(
        outcome=Outcome(data["outcome"]),
        file_reason=data["file_reason"],
        attempt=str(data["attempt"]),
        sha256=data["sha256"],
        lines=lines,
        accepted=accepted,
        rejected=rejected,
        reasons=json.dumps(reasons, sort_keys=True),
        control=json.dumps(control, sort_keys=True),
        control_matches=control["matches"],
        seconds=float(data["seconds"]),
    )


def _amount(data: Mapping[str, Any], name: str) -> int:
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(name)
    return value


class Manifests:
    """The manifests in the results bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read(self, batch_id: str) -> Manifest | None:
        """Return a batch's manifest, None if there is none.

        Only "no such key" means none. Access denied is raised: with `s3:ListBucket` granted, S3 does not answer so for
        a missing object, and taking it for one would fail a batch that was published.
        """
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key(batch_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        if answer["ContentLength"] > MAXIMUM_BYTES:
            raise ManifestError(f"manifest of {batch_id} is larger than {MAXIMUM_BYTES} bytes")
        return parse(answer["Body"].read(), batch_id)
