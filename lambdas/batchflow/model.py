"""The data of the flow: statuses, uploads, job records, audit events, observations."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """A job's status: ours before the submission, AWS Batch's while it runs, ours at the end."""

    RECEIVED = "RECEIVED"
    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        """Say whether a job stays in this status for ever."""
        return self in (Status.SUCCEEDED, Status.REJECTED, Status.FAILED)


ACTIVE = "ACTIVE"
NO_STATUS = "NONE"
"""The previous status of a job's first event."""
NO_HASH = "0" * 64
"""The previous hash of a job's first event."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One version of one object in the inbox."""

    bucket: str
    key: str
    version_id: str
    size: int
    sequencer: str
    """Order of events of one key, hexadecimal; noted in the trail."""

    @property
    def batch_id(self) -> str:
        """Return the identity of the batch: SHA-256, hexadecimal, of bucket, key and version, separated by NUL."""
        return hashlib.sha256("\0".join((self.bucket, self.key, self.version_id)).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job record. The names are those of the attributes in the jobs table; an attribute that is None is absent."""

    batch_id: str
    status: Status
    bucket: str
    key: str
    version_id: str
    size: int
    """Bytes."""
    received_at: str
    updated_at: str
    claimed_until: int
    """Until when (epoch seconds) somebody is busy submitting this batch; 0: nobody."""
    progress: int
    """Rank of the latest observation that counted, see `decide.rank`."""
    sequence: int
    """Number of the last audit event."""
    last_hash: str
    """Hash of the last audit event."""
    active: str | None = ACTIVE
    """Set until the job is settled: final, and its whole trail in the archive."""
    job_id: str | None = None
    submitted_at: str | None = None
    content_sha256: str | None = None
    lines: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    reasons: str | None = None
    """JSON object: number of rejected lines by reason."""
    control: str | None = None
    """JSON object: control totals as the manifest has them."""
    reason: str | None = None
    """Why the file was rejected, or the job failed."""
    duplicate_of: str | None = None
    """Batch id of an earlier batch with the same content."""


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One link of a job's audit chain. The names are those of the attributes in the audit table."""

    batch_id: str
    sequence: int
    previous_status: str
    status: str
    actor: str
    detail: str
    """JSON object."""
    at: str
    expires_at: int
    """Epoch seconds, for the table's TTL."""
    previous_hash: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What AWS Batch says about a job, in an event or an answer."""

    job_id: str
    status: Status
    stopped_attempts: int
    reason: str
    exit_code: int | None


@dataclass(frozen=True, kw_only=True)
class Absent:
    """AWS Batch knows no job of this id: ended more than a week ago, or never there."""


Observation = Seen | Absent
