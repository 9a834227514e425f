"""AWS Batch with one queue, one definition and one image, over stand-ins for the other services."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.batch.models import batch_backends

from stackproof.embedded.services.batch import Batch
from stackproof.embedded.services.jobs import Job
from stackproof.embedded.world import World
from tests.embedded.services.support import FakeAccess, FakeLogs, FakeMetrics, running_world

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/processor"
IMAGE = f"{REPOSITORY}@sha256:{'0' * 64}"
JOB_ROLE = "arn:aws:iam::123456789012:role/job"
EXECUTION_ROLE = "arn:aws:iam::123456789012:role/execution"
LOG_GROUP = "/aws/batch/stack"


@dataclass
class FakeBus:
    events: list[Mapping[str, Any]] = field(default_factory=list)

    def put(self, event: Mapping[str, Any]) -> None:
        self.events.append(event)

    def statuses(self, job_id: str) -> list[str]:
        changes = [e["detail"] for e in self.events if e["detail-type"] == "Batch Job State Change"]
        return [detail["status"] for detail in changes if detail["jobId"] == job_id]


@dataclass
class Stage:
    world: World
    batch: Batch
    access: FakeAccess
    bus: FakeBus
    logs: FakeLogs
    metrics: FakeMetrics
    queue: str
    image: Path

    @property
    def client(self) -> Any:
        return self.world.client("batch")

    def image_says(self, source: str) -> None:
        """Replace the image's program."""
        package = self.image / "work"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "__main__.py").write_text(source)
        self.batch.register_image(REPOSITORY, self.image)

    def define(self, **changes: Any) -> str:
        container = {
            "image": IMAGE,
            "command": ["python", "-m", "work"],
            "jobRoleArn": JOB_ROLE,
            "executionRoleArn": EXECUTION_ROLE,
            "environment": [{"name": "COLOUR", "value": "red"}],
            "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "1024"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": LOG_GROUP}},
        } | changes.pop("container", {})
        answer = self.client.register_job_definition(
            jobDefinitionName="work", type="container", containerProperties=container, **changes
        )
        return str(answer["jobDefinitionArn"])

    def submit(self, name: str = "one", **changes: Any) -> str:
        answer = self.client.submit_job(**{"jobName": name, "jobQueue": "queue", "jobDefinition": "work"} | changes)
        return str(answer["jobId"])

    def described(self, job_id: str) -> dict[str, Any]:
        detail: dict[str, Any] = self.client.describe_jobs(jobs=[job_id])["jobs"][0]
        return detail

    def job(self, job_id: str) -> Job:
        return self.batch.job(job_id)


@contextmanager
def batch_stage(tmp_path: Path, *, max_vcpus: int = 16) -> Iterator[Stage]:
    with running_world() as world:
        access, bus, logs, metrics = FakeAccess(), FakeBus(), FakeLogs(), FakeMetrics()
        batch = Batch(world, access, bus, logs, metrics)
        queue = make_queue(world, max_vcpus)
        image = tmp_path / "image"
        stage = Stage(
            world=world, batch=batch, access=access, bus=bus, logs=logs, metrics=metrics, queue=queue, image=image
        )
        stage.image_says("print('done')\n")
        yield stage


def make_queue(world: World, max_vcpus: int) -> str:
    """A queue over an environment that is made unmanaged, so that moto starts no EC2, and then given its limits."""
    iam, batch = world.client("iam"), world.client("batch")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    for role in ("instance", "service"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="instances")
    iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="instance")
    environment = batch.create_compute_environment(
        computeEnvironmentName="environment",
        type="UNMANAGED",
        state="ENABLED",
        serviceRole="arn:aws:iam::123456789012:role/service",
    )
    backend = batch_backends[world.account.id][world.account.region]
    backend.get_compute_environment("environment").compute_resources = {  # type: ignore[union-attr]
        "maxvCpus": max_vcpus,
        "instanceRole": "arn:aws:iam::123456789012:instance-profile/instances",
    }
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    answer = batch.create_job_queue(jobQueueName="queue", priority=1, state="ENABLED", computeEnvironmentOrder=order)
    return str(answer["jobQueueArn"])
