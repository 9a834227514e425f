"""What submit does with a batch, given its record. Pure.

A lease (`claimed_until`) says that somebody is submitting. It outlives its holder by a margin, so when it has run out,
the holder is gone and whatever job it made is listed by AWS Batch under the batch's name.
"""

from enum import Enum

from batchflow.model import Job, Status

LEASE_MARGIN_SECONDS = 60
"""How long a lease outlives the invocation that holds it: time for a new job to show in ListJobs."""


class Step(Enum):
    """What to do next with a batch."""

    CLAIM = "take over the lease, look for a job of this name, submit if there is none"
    WAIT = "somebody else is submitting it right now; the monitor comes back to it if they fail"
    DONE = "it has a job already"


def plan(job: Job, now: int) -> Step:
    """Return the next step for a recorded batch at a time in epoch seconds."""
    if job.status is not Status.RECEIVED:
        return Step.DONE
    return Step.WAIT if job.claimed_until > now else Step.CLAIM


def lease_end(now: int, remaining_milliseconds: int) -> int:
    """Return until when (epoch seconds) an invocation with so much time left holds a batch."""
    return now + -(-max(remaining_milliseconds, 0) // 1000) + LEASE_MARGIN_SECONDS
