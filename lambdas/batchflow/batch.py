"""AWS Batch: submit, find and describe jobs.

SubmitJob is not idempotent and names need not be unique: a job is named by its batch, so that it can be found again.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from batchflow.errors import EventError, SubmissionError
from batchflow.model import Job, Seen, Status

PAGE = 100
"""Jobs that one DescribeJobs takes."""
THROTTLES = {"TooManyRequestsException", "ThrottlingException", "Throttling"}
PAUSES = (0.2, 0.6, 1.8)
"""Seconds between tries of a throttled SubmitJob."""


STATUSES = {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"}
"""What AWS Batch calls a job's states."""


class RefusedError(SubmissionError):
    """AWS Batch answered that it did not take the job: it is certain that there is none."""


class UncertainError(SubmissionError):
    """No answer, or one of a failing service: there may be a job, or not."""


class Submitter:
    """The job queue, as the submit function uses it."""

    def __init__(self, once: Any, patient: Any, queue: str, definition: str, tags: Mapping[str, str]) -> None:
        self._once = once
        self._patient = patient
        self._queue = queue
        self._definition = definition
        self._tags = dict(tags)

    def submit(self, job: Job, results_bucket: str) -> str:
        """Submit the job of a batch and return its id; RefusedError or UncertainError if that failed."""
        environment = {
            "BATCH_ID": job.batch_id,
            "INPUT_BUCKET": job.bucket,
            "INPUT_KEY": job.key,
            "INPUT_VERSION_ID": job.version_id,
            "RESULTS_BUCKET": results_bucket,
        }
        request = {
            "jobName": job.batch_id,
            "jobQueue": self._queue,
            "jobDefinition": self._definition,
            "containerOverrides": {"environment": [{"name": n, "value": v} for n, v in environment.items()]},
            "tags": self._tags,
        }
        for pause in (*PAUSES, None):
            try:
                return str(self._once.submit_job(**request)["jobId"])
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in THROTTLES and pause is not None:
                    time.sleep(pause)
                    continue
                refused = 400 <= error.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500
                raise (RefusedError if refused else UncertainError)(f"SubmitJob: {code}") from error
            except BotoCoreError as error:
                raise UncertainError(f"SubmitJob: {type(error).__name__}") from error
        raise AssertionError("unreachable: the last try returns or raises")

    def find(self, batch_id: str) -> str | None:
        """Return the id of the first job that was made for a batch, None if AWS Batch lists none.

        It lists ended jobs for at least seven days. The filter by name ignores case, and all statuses are searched.
        """
        found: list[tuple[int, str]] = []
        token: dict[str, str] = {}
        while True:
            answer = self._patient.list_jobs(
                jobQueue=self._queue, filters=[{"name": "JOB_NAME", "values": [batch_id]}], maxResults=PAGE, **token
            )
            listed = answer["jobSummaryList"]
            found += [(job.get("createdAt", 0), job["jobId"]) for job in listed if job["jobName"] == batch_id]
            if not answer.get("nextToken"):
                return min(found)[1] if found else None
            token = {"nextToken": answer["nextToken"]}


def describe(client: Any, job_ids: Sequence[str]) -> dict[str, Seen]:
    """Return what AWS Batch knows of up to 100 jobs, by job id. Unknown ids are left out."""
    answer = client.describe_jobs(jobs=list(job_ids)) if job_ids else {"jobs": []}
    return {detail["jobId"]: seen(detail) for detail in answer["jobs"]}


def pages(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Yield the jobs in portions that one DescribeJobs takes."""
    for start in range(0, len(jobs), PAGE):
        yield jobs[start : start + PAGE]


def seen(detail: Mapping[str, Any]) -> Seen:
    """Return the observation in a JobDetail, of an answer or an event; EventError if it is none."""
    try:
        attempts = detail.get("attempts") or []
        if detail["status"] not in STATUSES:
            raise ValueError("status")
        return Seen(
            job_id=str(detail["jobId"]),
            status=Status(detail["status"]),
            stopped_attempts=sum(1 for attempt in attempts if attempt.get("stoppedAt")),
            reason=_reason(detail),
            exit_code=(detail.get("container") or {}).get("exitCode"),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventError(f"no job detail of AWS Batch: {type(error).__name__} {error}") from None


def _reason(detail: Mapping[str, Any]) -> str:
    container = detail.get("container") or {}
    code = container.get("exitCode")
    parts = [detail.get("statusReason"), container.get("reason"), None if code is None else f"exit code {code}"]
    return "; ".join(str(part) for part in parts if part)
