"""AWS Batch: its calls on jobs are answered here, over the queues, definitions and environments deployed in moto."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stackproof.embedded.errors import EmbeddedError, ProcessKilled
from stackproof.embedded.identity import Principal
from stackproof.embedded.ports import Access, Bus, Logs, Metrics
from stackproof.embedded.seam import Call
from stackproof.embedded.services.batch_resources import Resources, repository_of
from stackproof.embedded.services.containers import Run, has_scratch, module_of, run, snapshot
from stackproof.embedded.services.job_states import JobStates
from stackproof.embedded.services.jobs import (
    Job,
    Latencies,
    Ledger,
    Plan,
    client_exception,
    job_detail,
    job_summary,
    merged_container,
    substituted,
    validate,
)
from stackproof.embedded.world import World, models

PAGE = 100
_READING = ("Get", "Head", "List", "Describe", "Query", "Scan")


class Batch:
    """The jobs of a session. Definitions, queues and compute environments are made through boto3 in moto."""

    def __init__(
        self,
        world: World,
        access: Access,
        bus: Bus,
        logs: Logs,
        metrics: Metrics,
        *,
        latencies: Latencies | None = None,
    ) -> None:
        self._world = world
        self._logs = logs
        self._resources = Resources(world)
        self._snapshots = Path(world.stack.enter_context(tempfile.TemporaryDirectory(prefix="batch-images-")))
        self._states = JobStates(
            world,
            access,
            bus,
            metrics,
            resources=self._resources,
            latencies=latencies or Latencies(),
            run=self._run,
        )
        for operation, answer in {
            "SubmitJob": self._submit,
            "DescribeJobs": self._describe,
            "ListJobs": self._list,
            "TerminateJob": self._terminate,
            "CancelJob": self._cancel,
        }.items():
            world.seam.override("batch", operation, answer)

    def register_image(self, repository: str, directory: Path) -> None:
        """Say what an image holds: `repository` is its URI without tag and digest; `directory` the folder with the
        package, or the package itself. It is copied when a job first runs it."""
        if not directory.is_dir():
            raise EmbeddedError(f"The image folder {directory} does not exist.")
        self._ledger.images[repository] = str(directory.resolve())

    def plan(self, job_name: str | None = None, **choices: Any) -> None:
        """Decide what happens to the next job submitted (of this name, if one is given): the fields of `Plan`."""
        self._ledger.plans.append((job_name, Plan(**choices)))

    def unmet_plans(self) -> int:
        """How many plans still wait for a job that was never submitted."""
        return len(self._ledger.plans)

    def jobs(self) -> list[Job]:
        """The jobs that AWS Batch knows, in the order of their submission. To look at, not to change."""
        return list(self._ledger.jobs.values())

    def job(self, job_id: str) -> Job:
        """One job. Raises: EmbeddedError when AWS Batch does not know it (any more)."""
        if job_id not in self._ledger.jobs:
            raise EmbeddedError(f"AWS Batch knows no job {job_id!r}.")
        return self._ledger.jobs[job_id]

    def forget(self, job_id: str) -> None:
        """The job is deleted behind everybody's back: no event, no answer to DescribeJobs."""
        self._states.forget(self.job(job_id))

    def release(self, job_id: str) -> None:
        """A job that its plan kept RUNNABLE finds capacity and goes on."""
        self._states.release(self.job(job_id))

    def real_seconds(self, job_id: str) -> list[float]:
        """The real time that the code of each attempt took; to show to people."""
        return [s for session, s in self._ledger.real_seconds.items() if session.startswith(f"{job_id}-")]

    @property
    def _ledger(self) -> Ledger:
        return self._states.ledger

    def _submit(self, call: Call) -> Mapping[str, Any]:
        parameters = call.parameters
        validate(parameters)
        queue = self._resources.queue(parameters["jobQueue"])
        if queue.state != "ENABLED":
            raise client_exception(f"Job queue {queue.name} is disabled")
        definition = self._resources.definition(parameters["jobDefinition"])
        if definition.type != "container" or not definition.container_properties:
            raise EmbeddedError(f"The job definition {definition.arn} is not of type container, the only one emulated.")
        job_id = str(self._world.ids.uuid4())
        timeout = {**(definition.timeout or {}), **parameters.get("timeout", {})}.get("attemptDurationSeconds")
        substitutions = {**definition.parameters, **parameters.get("parameters", {})}
        container = merged_container(definition.container_properties, parameters.get("containerOverrides", {}))
        container["command"] = substituted(container.get("command", []), substitutions)
        job = Job(
            id=job_id,
            arn=self._world.account.arn("batch", f"job/{job_id}"),
            name=parameters["jobName"],
            queue=queue.arn,
            definition=definition.arn,
            created=call.at,
            container=container,
            parameters=substitutions,
            retry=dict(parameters.get("retryStrategy") or definition.retry_strategy or {}),
            timeout=timeout,
            tags=dict(parameters.get("tags", {})),
            propagate_tags=bool(parameters.get("propagateTags", definition.propagate_tags)),
            plan=self._planned(parameters["jobName"]),
        )
        if job.propagate_tags and len({**self._resources.definition_tags(definition), **job.tags}) > 50:
            raise EmbeddedError("More than 50 propagated tags fail a job on AWS; that is not emulated.")
        self._states.submitted(job)
        return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}

    def _planned(self, name: str) -> Plan:
        for index, (wanted, plan) in enumerate(self._ledger.plans):
            if wanted in (None, name):
                del self._ledger.plans[index]
                return plan
        return Plan()

    def _describe(self, call: Call) -> Mapping[str, Any]:
        ids: list[str] = call.parameters["jobs"]
        if not 1 <= len(ids) <= PAGE:
            raise client_exception(f"DescribeJobs takes 1 to {PAGE} job ids, not {len(ids)}.")
        known = self._ledger.jobs
        return {"jobs": [job_detail(known[job_id]) for job_id in dict.fromkeys(ids) if job_id in known]}

    def _list(self, call: Call) -> Mapping[str, Any]:
        parameters = call.parameters
        for name in ("arrayJobId", "multiNodeJobId"):
            if name in parameters:
                raise EmbeddedError(f"ListJobs by {name} is not emulated.")
        if "jobQueue" not in parameters:
            raise client_exception("ListJobs needs a jobQueue.")
        queue = self._resources.queue(parameters["jobQueue"]).arn
        newest_first = sorted(
            (job for job in reversed(self._ledger.jobs.values()) if job.queue == queue),
            key=lambda job: job.created,
            reverse=True,
        )
        if filters := parameters.get("filters"):
            found = list(_filtered(newest_first, filters))
        else:
            status = parameters.get("jobStatus", "RUNNING")
            found = [job for job in newest_first if job.status == status]
        return _page(found, parameters)

    def _terminate(self, call: Call) -> Mapping[str, Any]:
        job = self._known(call)
        if not job.ended:
            self._states.end_by_hand(job, call.parameters["reason"])
        return {}

    def _cancel(self, call: Call) -> Mapping[str, Any]:
        job = self._known(call)
        if job.status in ("SUBMITTED", "PENDING", "RUNNABLE"):
            self._states.end_by_hand(job, call.parameters["reason"])
        return {}

    def _known(self, call: Call) -> Job:
        job = self._ledger.jobs.get(call.parameters["jobId"])
        if job is None:
            raise client_exception(f"Job {call.parameters['jobId']} does not exist")
        return job

    def _run(self, job: Job, kill_at: int | None) -> Run:
        command = job.container["command"]
        image = self._image(job, module_of(command))
        conduct = _Conduct(self._world, job, kill_at)
        self._world.seam.intercept(conduct.before, first=True)
        try:
            conduct.begin()
            scratch = has_scratch(job.container)
            ended = run(command, self._environment(job), image, models(), scratch=scratch)
        finally:
            conduct.end()
            self._world.seam.remove(conduct.before)
        if conduct.killed:
            ended = Run(exit_code=None, killed=True, lines=ended.lines, seconds=ended.seconds)
        self._ledger.real_seconds[job.session] = ended.seconds
        target = self._resources.log_target(job)
        stream = job.runtime["logStreamName"]
        self._logs.write(role_arn=target.role_arn, group=target.group, stream=stream, lines=ended.lines)
        return ended

    def _image(self, job: Job, module: str) -> Path:
        repository = repository_of(job.container["image"])
        directory = self._ledger.images.get(repository)
        if directory is None:
            raise EmbeddedError(f"No image is registered for {repository!r} (job definition {job.definition}).")
        return snapshot(Path(directory), module, self._snapshots / repository.replace("/", "_"))

    def _environment(self, job: Job) -> dict[str, str]:
        """What the process finds; no region, which ECS sets on Fargate and not on EC2."""
        role = job.container.get("jobRoleArn")
        if not role or job.container.get("secrets"):
            raise EmbeddedError(f"{job.definition}: jobs without a job role, or with secrets, are not emulated.")
        own = {item["name"]: item["value"] for item in job.container.get("environment", [])}
        return {
            **own,
            "AWS_BATCH_JOB_ID": job.id,
            "AWS_BATCH_JOB_ATTEMPT": str(job.attempt),
            "AWS_BATCH_JQ_NAME": job.queue.rpartition("/")[2],
            "AWS_BATCH_CE_NAME": self._resources.environment(job.queue).name,
            **self._world.identities.issue(role, job.session).environment(),
        }


class _Conduct:
    """One run's view of the clock, and its death at a chosen call."""

    def __init__(self, world: World, job: Job, kill_at: int | None) -> None:
        self._world = world
        self._session = job.session
        self._began = job.started
        self._end = world.clock.now()
        self._kill_at = kill_at
        self._calls = 0

    @property
    def killed(self) -> bool:
        """Whether the process died at one of its calls, whatever its code made of that."""
        return self._world.identities.is_dead(Principal(arn="", session=self._session))

    def begin(self) -> None:
        if self._began is not None:
            self._world.clock.show(self._began)

    def before(self, call: Call) -> None:
        if call.principal.session != self._session:
            return
        if not call.operation.startswith(_READING):
            self.end()
        self._calls += 1
        if self._calls == self._kill_at:
            raise ProcessKilled(self._session)

    def end(self) -> None:
        if self._world.clock.now() < self._end:
            self._world.clock.show(self._end)


def _filtered(jobs: Iterable[Job], filters: list[dict[str, Any]]) -> Iterable[Job]:
    if len(filters) != 1 or len(filters[0]["values"]) != 1:
        raise client_exception("ListJobs takes one filter with one value at a time.")
    name, value = filters[0]["name"], filters[0]["values"][0].lower()
    if name != "JOB_NAME":
        raise EmbeddedError(f"ListJobs with the filter {name} is not emulated.")
    if value.endswith("*"):
        return (job for job in jobs if job.name.lower().startswith(value[:-1]))
    return (job for job in jobs if job.name.lower() == value)


def _page(jobs: list[Job], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`nextToken` is the id of the last job shown."""
    start = 0
    if token := parameters.get("nextToken"):
        ids = [job.id for job in jobs]
        if token not in ids:
            raise client_exception("The nextToken is not valid.")
        start = ids.index(token) + 1
    shown = jobs[start : start + min(parameters.get("maxResults", PAGE), PAGE)]
    answer: dict[str, Any] = {"jobSummaryList": [job_summary(job) for job in shown]}
    if start + len(shown) < len(jobs):
        answer["nextToken"] = shown[-1].id
    return answer
