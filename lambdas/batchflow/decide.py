"""What the monitor does about a job, given its record and an observation. Pure.

AWS Batch delivers events at least once and in no order, and a retried job goes through RUNNABLE, STARTING and RUNNING
again: status alone does not say what is newer. The rank of an observation does: first how many attempts have stopped,
then the status within the attempt. Only a higher rank than the recorded one counts. An ended job is decided by the
manifest, the one thing that is written exactly once: published means done, even if the host was lost just after.

More than one job can exist for a batch (a crash between SubmitJob and its record, before the job was listed). The
recorded one tells the progress. Another one's end counts only if a manifest exists: whoever published it, the batch
is decided then. Without a manifest it is ignored, since the recorded job may still publish. The recorded job's end is
final even without a manifest: should another job publish after that, its result stands, but the record stays FAILED.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from batchflow import clock
from batchflow.ledger import Change
from batchflow.manifest import Manifest, Outcome
from batchflow.model import Absent, Job, Observation, Seen, Status

GRACE = timedelta(minutes=15)
"""How long a job may be unknown to AWS Batch, counted from the record's last change, before that means anything."""
RANKS_PER_ATTEMPT = 10
ORDER = {
    Status.RECEIVED: 0,
    Status.SUBMITTED: 1,
    Status.PENDING: 2,
    Status.RUNNABLE: 3,
    Status.STARTING: 4,
    Status.RUNNING: 5,
    Status.SUCCEEDED: 6,
    Status.FAILED: 6,
}
REASON_LENGTH = 1000


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """Nothing changes; why."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Resubmit:
    """Nobody is submitting this batch any more: hand it to the submit function."""


@dataclass(frozen=True, kw_only=True)
class Apply:
    """Record a change; then decide again, on the changed record, if the observation has more to tell."""

    change: Change
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Conclude:
    """The job has ended: read the manifest, then `conclude`."""


@dataclass(frozen=True, kw_only=True)
class Settle:
    """The status is final: complete the archive, then take the job off the active ones."""


Decision = Ignore | Resubmit | Apply | Conclude | Settle


def rank(seen: Seen) -> int:
    """Return the order of an observation among those of its job."""
    return seen.stopped_attempts * RANKS_PER_ATTEMPT + ORDER[seen.status]


def decide(job: Job, observation: Observation, now: datetime) -> Decision:
    """Return what an observation means for a job as recorded."""
    if job.status.final:
        return Settle() if job.active else Ignore(why="the job is settled")
    match observation:
        case Seen() if job.status is Status.RECEIVED:
            return Apply(change=submitted(observation.job_id, now, {"found": "a job of this name"}), again=True)
        case Seen():
            return _seen(job, observation)
        case Absent() if job.status is Status.RECEIVED:
            return Ignore(why="being submitted") if job.claimed_until > now.timestamp() else Resubmit()
        case Absent():
            young = now - clock.parse(job.updated_at) < GRACE
            return Ignore(why="not yet known to AWS Batch") if young else Conclude()


def submitted(job_id: str, now: datetime, detail: dict[str, Any]) -> Change:
    """Return the change that records a batch's job."""
    fields = {"job_id": job_id, "submitted_at": clock.iso(now), "progress": ORDER[Status.SUBMITTED], "claimed_until": 0}
    return Change(status=Status.SUBMITTED, detail={"job_id": job_id, **detail}, fields=fields)


def _seen(job: Job, seen: Seen) -> Decision:
    if seen.status.final:
        return Conclude()
    if seen.job_id != job.job_id:
        return Ignore(why="another job of this batch; the recorded one tells the progress")
    if rank(seen) <= job.progress:
        return Ignore(why="nothing new")
    detail = {"job_id": seen.job_id, "stopped_attempts": seen.stopped_attempts, **_reason(seen.reason)}
    return Apply(change=Change(status=seen.status, detail=detail, fields={"progress": rank(seen)}))


def conclude(job: Job, observation: Observation, manifest: Manifest | None) -> Ignore | Apply:
    """Return how a job ends whose AWS Batch job has ended or is unknown, given the batch's manifest if there is one."""
    if job.status.final:
        return Ignore(why="the job has ended")
    if manifest is not None:
        return Apply(change=_by_manifest(job, observation, manifest))
    match observation:
        case Seen() if observation.job_id != job.job_id:
            return Ignore(why="another job of this batch ended without a manifest; the recorded one decides")
        case Seen(status=Status.SUCCEEDED):
            return Apply(change=_failed(job, observation, "the job ended well but published no manifest"))
        case Seen():
            return Apply(change=_failed(job, observation, observation.reason or "AWS Batch gave no reason"))
        case Absent():
            return Apply(change=_failed(job, observation, "the job is unknown to AWS Batch and published no manifest"))


def _by_manifest(job: Job, observation: Observation, manifest: Manifest) -> Change:
    rejected = manifest.outcome is Outcome.REJECTED
    fields: dict[str, Any] = {
        "content_sha256": manifest.sha256,
        "lines": manifest.lines,
        "accepted": manifest.accepted,
        "rejected": manifest.rejected,
        "reasons": manifest.reasons,
        "control": manifest.control,
        "reason": manifest.file_reason if rejected else None,
        "progress": _last_rank(job, observation),
    }
    detail = {
        **_observed(observation),
        "attempt": manifest.attempt,
        "sha256": manifest.sha256,
        "lines": manifest.lines,
        "accepted": manifest.accepted,
        "rejected": manifest.rejected,
        "control_matches": manifest.control_matches,
        **({"file_reason": manifest.file_reason} if rejected else {}),
    }
    return Change(status=Status.REJECTED if rejected else Status.SUCCEEDED, detail=detail, fields=fields)


def _failed(job: Job, observation: Observation, reason: str) -> Change:
    detail = {**_observed(observation), **_reason(reason)}
    fields = {"reason": reason[:REASON_LENGTH], "progress": _last_rank(job, observation)}
    return Change(status=Status.FAILED, detail=detail, fields=fields)


def _last_rank(job: Job, observation: Observation) -> int:
    return max(job.progress, rank(observation)) if isinstance(observation, Seen) else job.progress


def _observed(observation: Observation) -> dict[str, Any]:
    if isinstance(observation, Absent):
        return {"batch_status": "UNKNOWN"}
    shown: dict[str, Any] = {
        "job_id": observation.job_id,
        "batch_status": observation.status.value,
        "stopped_attempts": observation.stopped_attempts,
    }
    return shown if observation.exit_code is None else {**shown, "exit_code": observation.exit_code}


def _reason(text: str) -> dict[str, str]:
    return {"reason": text[:REASON_LENGTH]} if text else {}
