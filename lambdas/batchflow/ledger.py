"""The audit chain: what an event holds and how it is linked. Pure.

`hash` is the SHA-256 (hexadecimal) of the canonical JSON of all other attributes of the event, `previous_hash` among
them: an event cannot be altered, left out or put in between without breaking every later link. Canonical JSON: keys
sorted, no white space, ASCII with `\\u` escapes. The archive holds the canonical JSON of the whole event.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from batchflow import clock
from batchflow.model import NO_HASH, NO_STATUS, AuditEvent, Job, Status

DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class Change:
    """A decided change of a job: its status after it, what else it sets, and what the trail says about it."""

    status: Status
    detail: Mapping[str, Any]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who records an event, when, and for how many days the table keeps it."""

    actor: str
    at: datetime
    retention_days: int


def canonical(value: Mapping[str, Any]) -> str:
    """Return the one JSON text of a mapping."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(event: Mapping[str, Any]) -> str:
    """Return the hash of an event's attributes, the attribute `hash` left out."""
    content = {name: value for name, value in event.items() if name != "hash"}
    return hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


def document(event: AuditEvent) -> bytes:
    """Return the archive's form of an event: the same bytes whoever writes them."""
    return canonical(asdict(event)).encode("ascii")


def _link(job: Job, previous_status: str, detail: Mapping[str, Any], signature: Signature) -> AuditEvent:
    event = AuditEvent(
        batch_id=job.batch_id,
        sequence=job.sequence,
        previous_status=previous_status,
        status=job.status,
        actor=signature.actor,
        detail=canonical(detail),
        at=job.updated_at,
        expires_at=int(signature.at.timestamp()) + signature.retention_days * DAY_SECONDS,
        previous_hash=job.last_hash,
        hash="",
    )
    return replace(event, hash=digest(asdict(event)))


def first(job: Job, detail: Mapping[str, Any], signature: Signature) -> tuple[Job, AuditEvent]:
    """Return the job as recorded first, and event number 1 of its chain."""
    job = replace(job, sequence=1, last_hash=NO_HASH, updated_at=clock.iso(signature.at))
    event = _link(job, NO_STATUS, detail, signature)
    return replace(job, last_hash=event.hash), event


def append(job: Job, change: Change, signature: Signature) -> tuple[Job, AuditEvent]:
    """Return the job after a change, and the event that records it."""
    after = replace(
        job, **change.fields, status=change.status, sequence=job.sequence + 1, updated_at=clock.iso(signature.at)
    )
    event = _link(after, job.status, change.detail, signature)
    return replace(after, last_hash=event.hash), event
