"""Following one job: carry out what `decide` says, up to its settlement.

Settlement comes after the final status is recorded: flag the same content seen before, put every audit event of the job
in the archive, and only then take the job off the active index. Whatever crashes before, the job is still active and
the next scheduled run goes on.

Same content: of the batches with one content, the one received first is the original. A job that settles is flagged if
an earlier one is in the index; an original that ends after its copies flags them instead. The content index is
eventually consistent: of two such batches that end within the same moment, each might miss the other. So a job settles
only once the index shows itself, and with it what was written before; until then it stays active, for the next run.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit

from batchflow import clock, telemetry
from batchflow.decide import Apply, Conclude, Ignore, Resubmit, Settle, conclude, decide
from batchflow.errors import ConflictError, StoreError
from batchflow.journal import Journal
from batchflow.ledger import Change
from batchflow.manifest import Manifest
from batchflow.model import ACTIVE, Job, Observation, Status
from batchflow.telemetry import Measure, count

TRIES = 4
"""How often a job is decided anew because its record moved on meanwhile."""
ENDED = {Status.SUCCEEDED: "JobsSucceeded", Status.REJECTED: "JobsRejected", Status.FAILED: "JobsFailed"}


class ManifestReader(Protocol):
    """Where manifests come from; `manifest.Manifests` is it."""

    def read(self, batch_id: str) -> Manifest | None:
        """Return a batch's manifest, None if there is none."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Where a job stands after an observation."""

    job: Job
    resubmit: bool = False


class Follower:
    """Follows jobs, one observation after another."""

    def __init__(self, journal: Journal, manifests: ManifestReader, content_index: str) -> None:
        self._journal = journal
        self._manifests = manifests
        self._content_index = content_index

    def follow(self, job: Job, observation: Observation) -> Followed:
        """Do what an observation asks for; ConflictError if the record will not keep still."""
        for _ in range(TRIES):
            try:
                return self._follow(job, observation)
            except ConflictError:
                job = self._again(job.batch_id)
        raise ConflictError(f"batch {job.batch_id} is being changed by others all the time")

    def _follow(self, job: Job, observation: Observation) -> Followed:
        match decide(job, observation, clock.now()):
            case Ignore(why=why):
                telemetry.logger.debug("no change", batch_id=job.batch_id, why=why)
                return Followed(job=job)
            case Resubmit():
                return Followed(job=job, resubmit=True)
            case Apply(change=change, again=again):
                after = self._apply(job, change)
                return self._follow(after, observation) if again else Followed(job=after)
            case Conclude():
                return Followed(job=self._conclude(job, observation))
            case Settle():
                return Followed(job=self._settle(job))

    def _again(self, batch_id: str) -> Job:
        job = self._journal.store.get(batch_id)
        if job is None:
            raise StoreError(f"batch {batch_id} has no job record any more")
        return job

    def _apply(self, job: Job, change: Change) -> Job:
        after = self._journal.change(job, change)
        telemetry.logger.info("job changed", batch_id=job.batch_id, before=job.status, after=after.status)
        if job.status is Status.RECEIVED:
            telemetry.emit([count("JobsSubmitted")])
        return after

    def _conclude(self, job: Job, observation: Observation) -> Job:
        manifest = self._manifests.read(job.batch_id)
        match conclude(job, observation, manifest):
            case Ignore(why=why):
                telemetry.logger.info("end of a job ignored", batch_id=job.batch_id, why=why)
                return job
            case Apply(change=change):
                after = self._apply(job, change)
                telemetry.emit(measures(after, manifest))
                return self._settle(after)

    def _settle(self, job: Job) -> Job:
        flagged = self._flag(job)
        return job if flagged is None else self._close(flagged)

    def _close(self, job: Job) -> Job:
        for event in self._journal.store.events(job.batch_id):
            self._journal.archive.put(event)
        settled = replace(job, active=None)
        self._journal.store.amend(job, settled)
        return settled

    def _flag(self, job: Job) -> Job | None:
        """Flag this job as a copy if an earlier one has its content, or those that are copies of this one.

        None: the index does not show this job yet, so it cannot be known.
        """
        if job.content_sha256 is None:
            return job
        mine = (job.received_at, job.batch_id)
        same = self._same_content(job.content_sha256)
        if mine not in same:
            telemetry.logger.info("the content index lags; settled by a later run", batch_id=job.batch_id)
            return None
        others = [entry for entry in same if entry != mine]
        if others and others[0] < mine:
            return job if job.duplicate_of else self._mark(job, others[0][1])
        for _, batch_id in others:
            copy = self._journal.store.get(batch_id)
            if copy and copy.status.final and not copy.duplicate_of:
                self._close(self._mark(copy, job.batch_id))
        return job

    def _same_content(self, content_sha256: str) -> list[tuple[str, str]]:
        return self._journal.store.same_content(self._content_index, content_sha256)

    def _mark(self, job: Job, original: str) -> Job:
        """Record a copy; it is active again until the event that says so is in the archive as well."""
        fields: dict[str, Any] = {"duplicate_of": original, "active": ACTIVE}
        marked = self._journal.change(job, Change(status=job.status, detail={"duplicate_of": original}, fields=fields))
        telemetry.emit([count("DuplicateContent")])
        telemetry.logger.warning("same content as an earlier batch", batch_id=job.batch_id, duplicate_of=original)
        return marked


def measures(job: Job, manifest: Manifest | None) -> list[Measure]:
    """Return what to measure about a job that has just ended: transactions only of a file that was published."""
    found = [count(ENDED[job.status])]
    if manifest is None:
        return found
    if not manifest.control_matches:
        found.append(count("ControlTotalMismatch"))
    if job.status is not Status.SUCCEEDED:
        return found
    found += [count("TransactionsAccepted", manifest.accepted), count("TransactionsRejected", manifest.rejected)]
    if manifest.lines:
        share = 100 * manifest.rejected / manifest.lines
        found.append(Measure(name="RejectedShare", unit=MetricUnit.Percent, value=share))
    if manifest.seconds > 0:
        rate = manifest.lines / manifest.seconds
        found.append(Measure(name="Throughput", unit=MetricUnit.CountPerSecond, value=rate))
    return found
