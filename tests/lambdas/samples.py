"""Records and observations to start from."""

from datetime import UTC, datetime
from typing import Any

from batchflow.ledger import Signature, first
from batchflow.manifest import Manifest, Outcome
from batchflow.model import NO_HASH, AuditEvent, Job, Seen, Status

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SHA = "ab" * 32


def signature(at: datetime = NOW, actor: str = "batchflow.monitor") -> Signature:
    return Signature(actor=actor, at=at, retention_days=365)


def received() -> tuple[Job, AuditEvent]:
    """A batch just received, and its first event."""
    job = Job(
        batch_id="0f" * 32,
        status=Status.RECEIVED,
        bucket="inbox",
        key="incoming/a.csv",
        version_id="v1",
        size=10,
        received_at="2026-11-23T06:00:00.000Z",
        updated_at="2026-11-23T06:00:00.000Z",
        claimed_until=int(NOW.timestamp()) + 120,
        progress=0,
        sequence=0,
        last_hash=NO_HASH,
    )
    return first(job, {"key": job.key}, signature(actor="batchflow.submit"))


def seen(status: Status, stopped: int = 0, job_id: str = "job-1", **more: Any) -> Seen:
    values = {"reason": "", "exit_code": None, **more}
    return Seen(job_id=job_id, status=status, stopped_attempts=stopped, **values)


def manifest(outcome: Outcome = Outcome.PROCESSED, **more: Any) -> Manifest:
    values: dict[str, Any] = {
        "outcome": outcome,
        "file_reason": None if outcome is Outcome.PROCESSED else "TRAILER_SUM",
        "attempt": "job-1-1",
        "sha256": SHA,
        "lines": 10,
        "accepted": 9,
        "rejected": 1,
        "reasons": '{"AMOUNT": 1}',
        "control": "{}",
        "control_matches": True,
        "seconds": 5.0,
        **more,
    }
    return Manifest(**values)
