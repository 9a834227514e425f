"""What AWS Batch looks up: queues, definitions and compute environments as they are deployed in moto."""

import re
from dataclasses import dataclass
from typing import Any

from moto.batch.models import BatchBackend, ComputeEnvironment, JobDefinition, JobQueue, batch_backends
from moto.iam.models import iam_backends

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.services.jobs import Job, client_exception
from stackproof.embedded.world import Account, World

DEFAULT_LOG_GROUP = "/aws/batch/job"
_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")
_REVISION = re.compile(r"(?P<name>[^:]+)(?::(?P<revision>\d+))?")


@dataclass(frozen=True, kw_only=True)
class LogTarget:
    """Where the awslogs driver writes, and under whose permissions."""

    group: str
    stream_prefix: str
    role_arn: str


class Resources:
    """The deployed resources of AWS Batch."""

    def __init__(self, world: World) -> None:
        self._world = world

    def queue(self, identifier: str) -> JobQueue:
        """By name or ARN. Raises: AwsError ClientException."""
        found = self._backend.get_job_queue(identifier)
        if found is None:
            raise client_exception(f"Job queue {identifier} does not exist")
        return found

    def definition(self, identifier: str) -> JobDefinition:
        """By name or ARN, with or without a revision; without one, the latest ACTIVE revision.

        Raises: AwsError ClientException.
        """
        short = identifier.split(":job-definition/")[-1]
        parts = _REVISION.fullmatch(short)
        wanted = parts["revision"] if parts else None
        found = [
            definition
            for definition in self._backend._job_definitions.values()
            if parts
            and definition.name == parts["name"]
            and definition.status == "ACTIVE"
            and wanted in (None, str(definition.revision))
            and (not identifier.startswith("arn:") or definition.arn.startswith(identifier.removesuffix(f":{wanted}")))
        ]
        if not found:
            raise client_exception(f"JobDefinition {identifier} does not exist or has no active revision")
        return max(found, key=lambda definition: definition.revision)

    def definition_tags(self, definition: JobDefinition) -> dict[str, str]:
        """A definition's tags."""
        tags: dict[str, str] = self._backend.tagger.get_tag_dict_for_resource(definition.arn)
        return tags

    def environment(self, queue_arn: str) -> ComputeEnvironment:
        """The compute environment that a queue's jobs run in (the first of its order)."""
        environments: list[ComputeEnvironment] = self.queue(queue_arn).environments
        return environments[0]

    def max_vcpus(self, queue_arn: str) -> float:
        """How many vCPUs the queue's environments have at most; without an end when they do not say."""
        settings = [e.compute_resources or {} for e in self.queue(queue_arn).environments if e.state == "ENABLED"]
        return sum(float(s.get("maxvCpus") or s.get("MaxvCpus") or "inf") for s in settings)

    def time_limits(self, queue_arn: str) -> list[dict[str, Any]]:
        """The queue's jobStateTimeLimitActions, as DescribeJobQueues shows them."""
        answer = self._world.client("batch").describe_job_queues(jobQueues=[queue_arn])
        return list(answer["jobQueues"][0].get("jobStateTimeLimitActions") or [])

    def agent_role(self, job: Job) -> str:
        """Whose permissions pull the image and write the logs: the execution role, else the instance role."""
        role = job.container.get("executionRoleArn")
        return str(role) if role else self.instance_role(job.queue)

    def log_target(self, job: Job) -> LogTarget:
        """Where the job's lines go. Raises: EmbeddedError for a log driver or option that is not emulated."""
        configuration = job.container.get("logConfiguration") or {"logDriver": "awslogs"}
        options = configuration.get("options") or {}
        unknown = options.keys() - {"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group"}
        if configuration["logDriver"] != "awslogs" or unknown or options.get("awslogs-create-group") == "true":
            raise EmbeddedError(f"The log configuration {configuration} of {job.definition} is not emulated.")
        name = job.definition.split("/")[-1].split(":")[0]
        return LogTarget(
            group=options.get("awslogs-group", DEFAULT_LOG_GROUP),
            stream_prefix=options.get("awslogs-stream-prefix", name),
            role_arn=self.agent_role(job),
        )

    def instance_role(self, queue_arn: str) -> str:
        """The role of the environment's instances. Raises: EmbeddedError when none is deployed."""
        environment = self.environment(queue_arn)
        resources = environment.compute_resources or {}
        profile = str(resources.get("instanceRole") or "").split("/")[-1]
        account = self._world.account
        for found in iam_backends[account.id][account.partition].instance_profiles.values():
            if found.name == profile and found.roles:
                return str(found.roles[0].arn)
        raise EmbeddedError(f"The compute environment {environment.name} has no instance role that is deployed.")

    @property
    def _backend(self) -> BatchBackend:
        account = self._world.account
        return batch_backends[account.id][account.region]


def repository_arn(image: str, account: Account) -> str | None:
    """The private ECR repository of an image URI; None for an image from elsewhere, which needs no permission."""
    found = _ECR.match(image)
    if found is None:
        return None
    return f"arn:{account.partition}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def repository_of(image: str) -> str:
    """An image URI without its tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
