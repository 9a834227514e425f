"""From an upload to a submitted job, such that no crash loses a file and no repetition makes a second job.

1. RECEIVED is recorded with a lease. Who finds the batch recorded already goes by its record (`plan`).
2. The job is submitted under the batch's name. After a take-over it is looked for first.
3. SUBMITTED is recorded with the job's id.

A crash after 1 or 2 leaves a RECEIVED batch whose lease runs out; the monitor hands it back to this function.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from batchflow import clock, telemetry
from batchflow.batch import RefusedError
from batchflow.decide import submitted
from batchflow.errors import ConflictError, DuplicateError, StoreError
from batchflow.journal import Journal, describe
from batchflow.model import NO_HASH, Job, Status, Upload
from batchflow.plan import Step, lease_end, plan

TRIES = 3
"""How often a submitted job is recorded anew because somebody else was writing the same record."""


class Jobs(Protocol):
    """What a submission needs of AWS Batch; `batch.Submitter` is it."""

    def submit(self, job: Job, results_bucket: str) -> str:
        """Submit the job of a batch and return its id."""

    def find(self, batch_id: str) -> str | None:
        """Return the id of a batch's job, None if none is listed."""


class Submission:
    """Submits batches, one after another, for one invocation."""

    def __init__(self, journal: Journal, jobs: Jobs, results_bucket: str, remaining: Callable[[], int]) -> None:
        self._journal = journal
        self._jobs = jobs
        self._results_bucket = results_bucket
        self._remaining = remaining
        """Milliseconds until the invocation is cut off."""

    def upload(self, upload: Upload) -> Step:
        """Receive an upload and submit its job, unless that has been done or is being done."""
        now = clock.now()
        job = Job(
            batch_id=upload.batch_id,
            status=Status.RECEIVED,
            bucket=upload.bucket,
            key=upload.key,
            version_id=upload.version_id,
            size=upload.size,
            received_at=clock.iso(now),
            updated_at=clock.iso(now),
            claimed_until=lease_end(int(now.timestamp()), self._remaining()),
            progress=0,
            sequence=0,
            last_hash=NO_HASH,
        )
        detail: dict[str, Any] = {
            "bucket": upload.bucket,
            "key": upload.key,
            "version_id": upload.version_id,
            "size": upload.size,
            "sequencer": upload.sequencer,
        }
        try:
            job = self._journal.create(job, detail)
        except (DuplicateError, ConflictError):
            return self.resume(upload.batch_id)
        self._submit(job)
        return Step.CLAIM

    def resume(self, batch_id: str) -> Step:
        """Go on with a recorded batch from where its record says that it stands; return what was to do."""
        job = self._journal.store.get(batch_id)
        if job is None:
            raise StoreError(f"batch {batch_id} has no job record, or not yet")
        now = int(clock.now().timestamp())
        step = plan(job, now)
        if step is Step.CLAIM:
            claimed = replace(job, claimed_until=lease_end(now, self._remaining()))
            try:
                self._journal.store.amend(job, claimed)
            except ConflictError:
                return Step.WAIT
            self._take_over(claimed)
        return step

    def _take_over(self, job: Job) -> None:
        found = self._jobs.find(job.batch_id)
        if found is None:
            self._submit(job)
        else:
            self._record(job, found, {"found": "a job of this name"})

    def _submit(self, job: Job) -> None:
        try:
            job_id = self._jobs.submit(job, self._results_bucket)
        except RefusedError:
            self._release(job)
            raise
        self._record(job, job_id, {})

    def _release(self, job: Job) -> None:
        """Let the next try go on at once; if that fails, it goes on when the lease has run out."""
        try:
            self._journal.store.amend(job, replace(job, claimed_until=0))
        except (StoreError, BotoCoreError, ClientError) as error:
            telemetry.logger.warning("lease not released", batch_id=job.batch_id, error=describe(error))

    def _record(self, job: Job, job_id: str, detail: dict[str, Any]) -> None:
        """Record a batch's job, or accept that the monitor was faster: it may have learned of it from an event."""
        batch_id = job.batch_id
        for _ in range(TRIES):
            try:
                self._journal.change(job, submitted(job_id, clock.now(), detail))
            except ConflictError:
                job = self._journal.store.get(batch_id) or job
                if job.job_id is None:
                    continue
                if job.job_id != job_id:
                    telemetry.logger.warning("a second job of one batch", batch_id=batch_id, jobs=[job.job_id, job_id])
            else:
                telemetry.emit([telemetry.count("JobsSubmitted")])
            return
        raise ConflictError(f"job {job_id} of batch {batch_id} is not recorded yet; the monitor will find it")
