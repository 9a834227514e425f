"""How long jobs may take."""

from collections.abc import Iterator
from typing import Any

from _batch import JobCheck
from _rules import Fault, mapping, number, shown, threshold

_LEAST = 60  # AWS Batch's own least timeout, in seconds (API JobTimeout)


class BatchTimeout(JobCheck):
    """All attempts of a job together end within the limit."""

    check_id = "CKV_STACKPROOF_BATCH_TIMEOUT"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """No timeout, one that AWS Batch refuses, or one that is too long for its attempts: it counts for each."""
        key = "Properties/Timeout/AttemptDurationSeconds"
        given = mapping(properties.get("Timeout")).get("AttemptDurationSeconds")
        seconds = number(given)
        if seconds is None:
            said = f"AttemptDurationSeconds is {shown(given)}: a job that hangs is never ended"
            yield Fault(key=key, text=said, value=given)
            return
        if seconds < _LEAST:
            yield Fault(key=key, text=f"a timeout of {seconds} seconds; AWS Batch takes {_LEAST} at least")
        tries = mapping(properties.get("RetryStrategy")).get("Attempts", 1)
        attempts = number(tries)
        limit = threshold("resilience", "job_limit_seconds")
        if attempts is None:
            said = f"Attempts is {shown(tries)}, so the job's time has no limit"
            yield Fault(key="Properties/RetryStrategy/Attempts", text=said, value=tries)
        elif seconds * attempts > limit:
            said = f"{attempts} attempts of {seconds} seconds are {seconds * attempts}; the limit is {limit}"
            yield Fault(key=key, text=said)


check = BatchTimeout()
