"""One scheduled look at all active jobs.

The jobs come oldest first, in pages that one DescribeJobs takes. One job's failure, or one page's, never loses the
others. The look stops in time. The next one begins with the oldest again, but what this one has written costs it no
more than a line of an answer, so that it gets further. Settlements that failed before come last: they may fail again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from batchflow import clock, telemetry
from batchflow.batch import pages
from batchflow.errors import BatchflowError
from batchflow.following import Follower
from batchflow.journal import describe
from batchflow.model import Absent, Job, Seen
from batchflow.telemetry import Measure, count

SPARE_MILLISECONDS = 15_000
"""Less time than this left: no further job is begun."""
CHUNK = 25
"""Batches handed over by one invocation of the submit function."""
CHUNKS = 40
"""Invocations of the submit function in one run."""
FAILURES = (BatchflowError, BotoCoreError, ClientError)
"""What one job may fail with while the others go on."""


@dataclass(kw_only=True)
class Look:
    """What a look at the active jobs has come to so far."""

    standing: dict[str, Job]
    """The jobs that are not settled, by batch id."""
    resubmit: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    left: int = 0
    """Jobs that there was no time for."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How to look: what is asked, and how long."""

    follower: Follower
    ask: Callable[[Sequence[str]], Mapping[str, Seen]]
    """AWS Batch's answer about up to 100 job ids."""
    submit: Callable[[Sequence[str]], None]
    """Hands batches over to the submit function."""
    remaining: Callable[[], int]
    """Milliseconds until the run is cut off."""

    def run(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Look at all jobs, hand over what nobody submits, emit the run's metrics; return the errors."""
        look = Look(standing={job.batch_id: job for job in jobs})
        self._follow([job for job in jobs if job.job_id is None and not job.status.final], {}, look)
        self._hand_over(look)
        for page in pages([job for job in jobs if job.job_id is not None and not job.status.final]):
            self._page(page, look)
        self._follow([job for job in jobs if job.status.final], {}, look)
        if look.left:
            telemetry.logger.warning("no time for all active jobs", left=look.left)
        telemetry.emit(measures(list(look.standing.values())))
        return look.failures

    def _page(self, page: Sequence[Job], look: Look) -> None:
        if self.remaining() < SPARE_MILLISECONDS:
            look.left += len(page)
            return
        try:
            answer = self.ask([job.job_id for job in page if job.job_id])
        except FAILURES as error:
            look.failures[f"{len(page)} jobs from {page[0].batch_id} on"] = describe(error)
            return
        self._follow(page, answer, look)

    def _follow(self, jobs: Sequence[Job], answer: Mapping[str, Seen], look: Look) -> None:
        for job in jobs:
            if self.remaining() < SPARE_MILLISECONDS:
                look.left += 1
                continue
            try:
                followed = self.follower.follow(job, answer.get(job.job_id or "") or Absent())
            except FAILURES as error:
                look.failures[job.batch_id] = describe(error)
                continue
            if followed.resubmit:
                look.resubmit.append(job.batch_id)
            if followed.job.active is None:
                look.standing.pop(job.batch_id, None)

    def _hand_over(self, look: Look) -> None:
        look.left += max(0, len(look.resubmit) - CHUNK * CHUNKS)
        for start in range(0, min(len(look.resubmit), CHUNK * CHUNKS), CHUNK):
            batch_ids = look.resubmit[start : start + CHUNK]
            try:
                self.submit(batch_ids)
            except FAILURES as error:
                look.failures[f"hand-over of {', '.join(batch_ids)}"] = describe(error)
            else:
                telemetry.logger.warning("handed over to submit", batch_ids=batch_ids)


def measures(standing: Sequence[Job]) -> list[Measure]:
    """Return the heartbeat of a scheduled run, and how many jobs stand and how old, in seconds, the oldest is."""
    now = clock.now()
    ages = [(now - clock.parse(job.received_at)).total_seconds() for job in standing]
    return [
        count("MonitorRuns"),
        count("JobsActive", len(standing)),
        Measure(name="OldestActiveJobAge", unit=MetricUnit.Seconds, value=max([0.0, *ages])),
    ]
