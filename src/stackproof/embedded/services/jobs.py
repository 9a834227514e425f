"""The job of AWS Batch as data, and the pure decisions about it: names, overrides, retries, what DescribeJobs shows."""

import copy
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from stackproof.embedded.errors import AwsError, EmbeddedError

Status = Literal["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
Outcome = Literal["SUCCEEDED", "RETRY", "FAILED"]

ENDED = ("SUCCEEDED", "FAILED")
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
MAX_PAYLOAD = 30 * 1024
MIN_TIMEOUT = 60
EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
NO_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
START_FAILED = "Task failed to start"
KILLED = 137
_SUMMARY = (
    "jobArn",
    "jobId",
    "jobName",
    "createdAt",
    "status",
    "statusReason",
    "startedAt",
    "stoppedAt",
    "jobDefinition",
)
_NOT_EMULATED = (
    "arrayProperties",
    "dependsOn",
    "nodeOverrides",
    "eksPropertiesOverride",
    "ecsPropertiesOverride",
    "shareIdentifier",
    "schedulingPriorityOverride",
    "consumableResourcePropertiesOverride",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a scenario decides about a job that AWS would decide by chance.

    `run_seconds`: how long an attempt runs (the definition's timeout ends it earlier); `host_lost_on_attempt`: that
    attempt, or those, lose their host; `kill_at_call`: in an attempt that is lost (the first, if none is named) the
    process dies just before its n-th AWS call, counted from 1, and without it before it has done anything;
    `stuck_runnable`: the job stays RUNNABLE for this reason (AWS's text; True: no
    capacity); `vanish`: AWS Batch forgets the job when it
    would start running.
    """

    run_seconds: float | None = None
    host_lost_on_attempt: int | Collection[int] = ()
    kill_at_call: int | None = None
    stuck_runnable: str | bool = False
    vanish: bool = False

    @property
    def stuck_reason(self) -> str | None:
        """Why the job stays RUNNABLE, if it does."""
        return NO_CAPACITY if self.stuck_runnable is True else self.stuck_runnable or None

    def loses_host(self, attempt: int) -> bool:
        """Whether this attempt, counted from 1, loses its host."""
        named = self.host_lost_on_attempt
        lost = (named,) if isinstance(named, int) else named
        return attempt in (lost or ((1,) if self.kill_at_call else ()))


@dataclass(kw_only=True)
class Job:
    """One job. Times are UTC; `attempts` has the shape of AttemptDetail and holds ended attempts only."""

    id: str
    arn: str
    name: str
    queue: str
    definition: str
    created: datetime
    container: dict[str, Any]
    parameters: dict[str, str]
    retry: dict[str, Any]
    timeout: int | None
    tags: dict[str, str]
    propagate_tags: bool
    plan: Plan = field(default_factory=Plan)
    status: Status = "SUBMITTED"
    status_reason: str | None = None
    attempt: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    runtime: dict[str, Any] = field(default_factory=dict)
    runnable_since: datetime | None = None
    started: datetime | None = None
    first_starting: datetime | None = None
    stopped: datetime | None = None
    cancelled: bool = False
    terminated: bool = False

    @property
    def ended(self) -> bool:
        """Whether it has come to its final state."""
        return self.status in ENDED

    @property
    def session(self) -> str:
        """The name of the current attempt's process."""
        return f"{self.id}-{self.attempt}"

    @property
    def vcpus(self) -> float:
        """What it takes of the compute environment."""
        for requirement in self.container.get("resourceRequirements", []):
            if requirement["type"] == "VCPU":
                return float(requirement["value"])
        return float(self.container.get("vcpus", 1))


@dataclass(frozen=True, kw_only=True)
class Latencies:
    """Simulated seconds that a job spends before each state, and in RUNNING unless its plan says otherwise; `blocked`
    is how long AWS Batch takes to see that a RUNNABLE job blocks its queue."""

    pending: float = 1
    runnable: float = 1
    starting: float = 60
    running: float = 20
    run: float = 30
    blocked: float = 300


@dataclass(kw_only=True)
class Ledger:
    """The jobs that AWS Batch knows, in the order of their submission; the plans of jobs to come (job name or None for
    any, plan); the vCPUs in use, by queue; the jobs that wait for some; the real seconds that each attempt's code took,
    by session name; images by repository."""

    jobs: dict[str, Job] = field(default_factory=dict)
    plans: list[tuple[str | None, Plan]] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    real_seconds: dict[str, float] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)


def validate(parameters: Mapping[str, Any]) -> None:
    """What AWS Batch refuses of a SubmitJob.

    Raises: AwsError ClientException; EmbeddedError for what is not emulated.
    """
    for name in _NOT_EMULATED:
        if parameters.get(name):
            raise EmbeddedError(f"SubmitJob with {name} is not emulated.")
    if not JOB_NAME.fullmatch(parameters["jobName"]):
        raise client_exception("Job name should match valid pattern")
    if len(json.dumps(parameters).encode()) > MAX_PAYLOAD:
        raise client_exception(f"The request payload is larger than {MAX_PAYLOAD} bytes.")
    for variable in parameters.get("containerOverrides", {}).get("environment", []):
        if variable["name"].startswith("AWS_BATCH"):
            raise client_exception("Container environment variables cannot start with AWS_BATCH.")
    timeout = parameters.get("timeout", {}).get("attemptDurationSeconds", MIN_TIMEOUT)
    if timeout < MIN_TIMEOUT:
        raise client_exception(f"attemptDurationSeconds must be at least {MIN_TIMEOUT} seconds.")
    if not 1 <= parameters.get("retryStrategy", {}).get("attempts", 1) <= 10:
        raise client_exception("retryStrategy.attempts must be from 1 to 10.")


def client_exception(message: str) -> AwsError:
    """AWS Batch's error for what the caller did wrong."""
    return AwsError("ClientException", message)


def merged_container(properties: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The definition's container with a job's overrides: environment by name, resources by type, the rest replaced."""
    container: dict[str, Any] = copy.deepcopy(dict(properties))
    for key, value in overrides.items():
        match key:
            case "environment":
                container[key] = _by("name", container.get(key, []), value)
            case "resourceRequirements":
                container[key] = _by("type", container.get(key, []), value)
            case "command":
                container[key] = list(value)
            case _:
                raise EmbeddedError(f"SubmitJob with containerOverrides.{key} is not emulated.")
    return container


def substituted(command: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    """The command with each `Ref::name` replaced by the parameter, where there is one."""
    return [parameters.get(word.removeprefix("Ref::"), word) if word.startswith("Ref::") else word for word in command]


def decide(job: Job, *, exit_code: int | None, status_reason: str, reason: str | None) -> Outcome:
    """What follows an attempt that ended by itself, by a lost host or by a failed start (not: by a timeout, by an
    operator). The entries of evaluateOnExit are tried in order and the first whose conditions all hold counts; without
    a match the job is retried, as long as attempts remain (API, EvaluateOnExit; the order is not documented by AWS)."""
    if exit_code == 0:
        return "SUCCEEDED"
    if job.attempt >= int(job.retry.get("attempts", 1)):
        return "FAILED"
    told = {
        "onStatusReason": status_reason,
        "onReason": reason or "",
        "onExitCode": "" if exit_code is None else str(exit_code),
    }
    for entry in job.retry.get("evaluateOnExit", []):
        if all(glob(entry[key], value) for key, value in told.items() if key in entry):
            return "RETRY" if entry["action"].upper() == "RETRY" else "FAILED"
    return "RETRY"


def glob(pattern: str, text: str) -> bool:
    """AWS Batch's pattern: equal, or, with `*` at its end, equal from the start."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def attempt_detail(job: Job, *, stopped: datetime, status_reason: str) -> dict[str, Any]:
    """The AttemptDetail of the attempt that has just ended."""
    detail: dict[str, Any] = {
        "container": {"networkInterfaces": [], **job.runtime},
        "stoppedAt": milliseconds(stopped),
        "statusReason": status_reason,
    }
    if job.started is not None:
        detail["startedAt"] = milliseconds(job.started)
    return detail


def job_detail(job: Job) -> dict[str, Any]:
    """The JobDetail of DescribeJobs, and the `detail` of a state-change event."""
    container = {key: copy.deepcopy(value) for key, value in job.container.items() if value is not None}
    detail: dict[str, Any] = {
        "jobArn": job.arn,
        "jobName": job.name,
        "jobId": job.id,
        "jobQueue": job.queue,
        "status": job.status,
        "attempts": copy.deepcopy(job.attempts),
        "createdAt": milliseconds(job.created),
        "retryStrategy": {"attempts": int(job.retry.get("attempts", 1)), "evaluateOnExit": _told_conditions(job)},
        "dependsOn": [],
        "jobDefinition": job.definition,
        "parameters": dict(job.parameters),
        "container": {**container, "networkInterfaces": [], **job.runtime},
        "tags": dict(job.tags),
        "propagateTags": job.propagate_tags,
        "platformCapabilities": ["EC2"],
        "eksAttempts": [],
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated,
    }
    times = {"startedAt": job.started, "stoppedAt": job.stopped}
    detail |= {key: milliseconds(when) for key, when in times.items() if when is not None}
    if job.status_reason:
        detail["statusReason"] = job.status_reason
    if job.timeout is not None:
        detail["timeout"] = {"attemptDurationSeconds": job.timeout}
    return detail


def job_summary(job: Job) -> dict[str, Any]:
    """The JobSummary of ListJobs."""
    detail = job_detail(job)
    summary = {key: detail[key] for key in _SUMMARY if key in detail}
    container = {key: job.runtime[key] for key in ("exitCode", "reason") if key in job.runtime}
    return summary | ({"container": container} if container else {})


def milliseconds(when: datetime) -> int:
    """AWS Batch's time stamps: milliseconds since the epoch."""
    return int(when.timestamp() * 1000)


def _by(key: str, base: list[dict[str, Any]], changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    result = {item[key]: dict(item) for item in base}
    return list((result | {item[key]: dict(item) for item in changes}).values())


def _told_conditions(job: Job) -> list[dict[str, Any]]:
    return [dict(entry) | {"action": entry["action"].upper()} for entry in job.retry.get("evaluateOnExit", [])]
