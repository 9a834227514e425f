"""The states of AWS Batch jobs on the session's clock: from SUBMITTED to SUCCEEDED or FAILED, attempt by attempt.

The code of an attempt runs at the end of its simulated running time, in one go; until its first call that changes
something it sees the time at which the attempt started. A job that is timed out or terminated dies before its code has
done anything (or, with `Plan.kill_at_call`, before that call). Jobs that wait for capacity start in the order in which
they began to wait; one that is stuck does not hold up the others. Of the `AWS/Batch` metrics, the durations of attempts
are not emitted.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from stackproof.embedded.errors import AwsError
from stackproof.embedded.ports import Access, Bus, Metrics
from stackproof.embedded.services.batch_resources import Resources, repository_arn
from stackproof.embedded.services.containers import Run
from stackproof.embedded.services.jobs import (
    EXITED,
    KILLED,
    START_FAILED,
    TIMED_OUT,
    Job,
    Latencies,
    Ledger,
    Status,
    attempt_detail,
    decide,
    job_detail,
    milliseconds,
)
from stackproof.embedded.services.launches import Launches
from stackproof.embedded.world import World

STEP = "batch.step"
KEPT_SECONDS = 7 * 24 * 3600
TOO_LARGE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
_PULLS = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")


class JobStates:
    """Moves jobs on. `run` executes the code of a job's current attempt; given a number, it dies at that AWS call."""

    def __init__(
        self,
        world: World,
        access: Access,
        bus: Bus,
        metrics: Metrics,
        *,
        resources: Resources,
        latencies: Latencies,
        run: Callable[[Job, int | None], Run],
    ) -> None:
        self._world = world
        self._access = access
        self._bus = bus
        self._metrics = metrics
        self._resources = resources
        self._launches = Launches(world, access, resources)
        self._latencies = latencies
        self._run = run
        world.clock.on(STEP, self._step)

    @property
    def ledger(self) -> Ledger:
        """All that changes."""
        return self._world.state("batch", lambda: Ledger())

    def submitted(self, job: Job) -> None:
        """Take a job in."""
        self.ledger.jobs[job.id] = job
        self._count(job, "JobsSubmitted")
        self._after(job, self._latencies.pending, "pending")

    def end_by_hand(self, job: Job, reason: str) -> None:
        """TerminateJob, or CancelJob before the job starts: FAILED at once, never retried."""
        self._drop_timers(job)
        if job.status in ("STARTING", "RUNNING"):
            job.terminated = True
            self._count(job, "JobsTerminated")
            self._end_attempt(job, reason, exit_code=KILLED if job.status == "RUNNING" else None)
        else:
            job.cancelled = True
            self._count(job, "JobsCancelled")
        self._end(job, "FAILED", reason)

    def forget(self, job: Job) -> None:
        """AWS Batch knows the job no more; nothing is told."""
        if not job.ended:
            self._drop_timers(job)
        if job.status in ("STARTING", "RUNNING"):
            self._free(job)
        self.ledger.jobs.pop(job.id, None)
        self._start_waiting(job.queue)

    def release(self, job: Job) -> None:
        """A job that its plan kept RUNNABLE finds capacity."""
        job.plan = replace(job.plan, stuck_runnable=False)
        if job.status == "RUNNABLE" and job.id not in self.ledger.waiting and not self._stuck(job):
            self._drop_timers(job)
            job.status_reason = None
            self._after(job, self._latencies.starting, "starting")

    def _step(self, payload: Mapping[str, Any]) -> None:
        job = self.ledger.jobs.get(payload["job"])
        if job is not None:
            steps: dict[str, Callable[[Job], None]] = {
                "pending": self._pending,
                "runnable": self._runnable,
                "starting": self._starting,
                "running": self._running,
                "finish": self._finish,
                "lose": self._lose_host,
                "time_out": self._time_out,
                "blocked": self._blocked,
                "limit": self._limit,
                "forget": self.forget,
            }
            steps[payload["step"]](job)

    def _pending(self, job: Job) -> None:
        self._move(job, "PENDING")
        self._after(job, self._latencies.runnable, "runnable")

    def _runnable(self, job: Job) -> None:
        job.runnable_since = self._now
        self._move(job, "RUNNABLE")
        if self._stuck(job):
            self._after(job, self._latencies.blocked, "blocked")
            for action in self._resources.time_limits(job.queue):
                if action["reason"] == self._stuck(job):
                    self._after(job, action["maxTimeSeconds"], "limit")
        else:
            self._after(job, self._latencies.starting, "starting")

    def _stuck(self, job: Job) -> str | None:
        too_large = job.vcpus > self._resources.max_vcpus(job.queue)
        return job.plan.stuck_reason or (TOO_LARGE if too_large else self._launches.blocked(job.queue))

    def _blocked(self, job: Job) -> None:
        job.status_reason = self._stuck(job)
        if self._is_head(job):
            event = {"detail-type": "Batch Job Queue Blocked", "resources": [job.arn, job.queue]}
            self._bus.put({"source": "aws.batch", **event, "detail": job_detail(job)})

    def _limit(self, job: Job) -> None:
        """The queue's time limit for a state counts only for the job at its head."""
        if self._is_head(job):
            self._drop_timers(job)
            job.cancelled = True
            self._count(job, "JobsCancelled")
            self._end(job, "FAILED", f"Canceled by JobStateTimeLimit action due to reason: {self._stuck(job)}")
        else:
            self._after(job, self._latencies.blocked, "limit")

    def _is_head(self, job: Job) -> bool:
        waiting = [j for j in self.ledger.jobs.values() if j.queue == job.queue and j.status == "RUNNABLE"]
        return min(waiting, key=lambda j: j.runnable_since or j.created) is job

    def _starting(self, job: Job) -> None:
        ledger = self.ledger
        if not self._fits(job):
            ledger.waiting.append(job.id)
            return
        ledger.used[job.queue] = ledger.used.get(job.queue, 0) + job.vcpus
        job.attempt += 1
        job.started = None
        job.runtime = {
            "containerInstanceArn": self._ecs_arn("container-instance"),
            "taskArn": self._ecs_arn("task"),
        }
        if job.first_starting is None:
            job.first_starting = self._now
            waited = milliseconds(self._now) - milliseconds(job.created)
            self._count(job, "JobSubmittedToFirstStartingDuration", waited, unit="Milliseconds")
        self._move(job, "STARTING")
        self._after(job, self._latencies.running, "running")

    def _running(self, job: Job) -> None:
        if job.plan.vanish:
            self.forget(job)
            return
        if refused := self._role_refused(job) or self._image_refused(job):
            self._ended(job, exit_code=None, status_reason=START_FAILED, reason=refused)
            return
        job.started = self._now
        task = job.runtime["taskArn"].rpartition("/")[2]
        job.runtime["logStreamName"] = f"{self._resources.log_target(job).stream_prefix}/default/{task}"
        self._move(job, "RUNNING")
        seconds = self._latencies.run if job.plan.run_seconds is None else job.plan.run_seconds
        if job.timeout is not None and job.timeout < seconds:
            self._after(job, job.timeout, "time_out")
        elif job.plan.loses_host(job.attempt):
            self._after(job, seconds / 2, "lose")
        else:
            self._after(job, seconds, "finish")

    def _finish(self, job: Job) -> None:
        ended = self._run(job, None)
        if ended.killed:
            self._host_lost(job)
        else:
            self._ended(job, exit_code=ended.exit_code, status_reason=EXITED, reason=None)

    def _lose_host(self, job: Job) -> None:
        if job.plan.kill_at_call:
            self._run(job, job.plan.kill_at_call)
        self._host_lost(job)

    def _host_lost(self, job: Job) -> None:
        self._world.identities.kill(job.session)
        instance = f"i-{self._world.ids.hex(17)}"
        reason = f"Host EC2 (instance {instance}) terminated."
        self._ended(job, exit_code=None, status_reason=reason, reason=None)

    def _time_out(self, job: Job) -> None:
        """Never retried (AWS Batch, Job timeouts)."""
        if job.plan.kill_at_call:
            self._run(job, job.plan.kill_at_call)
        self._world.identities.kill(job.session)
        self._end_attempt(job, TIMED_OUT, exit_code=KILLED)
        self._end(job, "FAILED", TIMED_OUT)

    def _ended(self, job: Job, *, exit_code: int | None, status_reason: str, reason: str | None) -> None:
        self._end_attempt(job, status_reason, exit_code=exit_code, reason=reason)
        match decide(job, exit_code=exit_code, status_reason=status_reason, reason=reason):
            case "RETRY":
                self._count(job, "JobsRetried")
                self._runnable(job)
                self._start_waiting(job.queue)
            case outcome:
                self._end(job, outcome, status_reason)

    def _end_attempt(self, job: Job, status_reason: str, *, exit_code: int | None, reason: str | None = None) -> None:
        self._free(job)
        found = {"exitCode": exit_code, "reason": reason[:255] if reason else None}
        job.runtime |= {key: value for key, value in found.items() if value is not None}
        job.attempts.append(attempt_detail(job, stopped=self._now, status_reason=status_reason))

    def _end(self, job: Job, status: Status, status_reason: str) -> None:
        job.stopped = self._now
        job.status_reason = status_reason
        self._move(job, status)
        self._after(job, KEPT_SECONDS, "forget")
        self._start_waiting(job.queue)

    def _move(self, job: Job, status: Status) -> None:
        job.status = status
        if status not in ("SUCCEEDED", "FAILED"):
            job.status_reason = None
        self._count(job, f"JobsMovedTo{status.capitalize()}")
        event = {"source": "aws.batch", "detail-type": "Batch Job State Change", "resources": [job.arn]}
        self._bus.put({**event, "detail": job_detail(job)})

    def _fits(self, job: Job) -> bool:
        return self.ledger.used.get(job.queue, 0) + job.vcpus <= self._resources.max_vcpus(job.queue)

    def _free(self, job: Job) -> None:
        self.ledger.used[job.queue] -= job.vcpus

    def _start_waiting(self, queue: str) -> None:
        for job in [self.ledger.jobs[job_id] for job_id in self.ledger.waiting]:
            if job.queue == queue and self._fits(job):
                self.ledger.waiting.remove(job.id)
                self._starting(job)

    def _drop_timers(self, job: Job) -> None:
        """Whatever the job was going to do, or wait for, it does not."""
        self._world.clock.cancel(STEP, job=job.id)
        if job.id in self.ledger.waiting:
            self.ledger.waiting.remove(job.id)

    def _role_refused(self, job: Job) -> str | None:
        """What ECS says of a role that its trust policy does not let it take for the task."""
        for name in ("executionRoleArn", "jobRoleArn"):
            role = job.container.get(name)
            try:
                if role:
                    task = job.runtime["taskArn"]
                    self._access.require_service("ecs-tasks.amazonaws.com", "sts:AssumeRole", role, source_arn=task)
            except AwsError:
                return f"ECS was unable to assume the role '{role}' that was provided for this task."
        return None

    def _image_refused(self, job: Job) -> str | None:
        """Pull the image as the agent on the host does; what it says when a permission is missing."""
        repository = repository_arn(job.container["image"], self._world.account)
        if repository is None:
            return None
        role = self._resources.agent_role(job)
        try:
            self._access.require_role(role, "ecr:GetAuthorizationToken", "*")
            for action in _PULLS:
                self._access.require_role(role, action, repository)
        except AwsError as error:
            return f"CannotPullContainerError: {error}"
        return None

    def _after(self, job: Job, seconds: float, step: str) -> None:
        self._world.clock.after(seconds, STEP, job=job.id, step=step)

    def _count(self, job: Job, name: str, value: float = 1, *, unit: str = "Count") -> None:
        queue = job.queue.rpartition("/")[2]
        self._metrics.put("AWS/Batch", name, {"JobQueueName": queue}, value, unit=unit)

    def _ecs_arn(self, kind: str) -> str:
        return self._world.account.arn("ecs", f"{kind}/AWSBatch/{self._world.ids.hex(32)}")

    @property
    def _now(self) -> datetime:
        return self._world.clock.now()
