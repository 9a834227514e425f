"""What compute has to call: the agent of an instance, the start of a task, and the jobs with their own roles.

Sources: Amazon ECS, Interface VPC endpoints; Amazon ECR, Interface VPC endpoints; AWS Batch, Interface VPC endpoints;
S3, Gateway endpoints; Service Authorization Reference, Amazon ECS (which resources each action knows)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.network.places import BATCH, SERVICE
from stackproof.graph.statements import role_statements
from stackproof.graph.values import text, texts
from stackproof.template.model import Resource, Unknown

Needs = tuple[tuple[str, str], ...]
"""Actions, each with the ARN (in the common form) that it is called on, "*" where it knows no resources."""

LAYERS = "arn:aws:s3:::prod-region-starport-layer-bucket/a layer"
"""Something in the bucket in which ECR keeps image layers."""

_CLUSTER = "arn:aws:ecs:region:account:cluster/a cluster"
_INSTANCE = "arn:aws:ecs:region:account:container-instance/a cluster/an instance"
_IMAGE_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability")
_AGENT: Mapping[str, Needs] = {
    "ecs": (
        *((f"ecs:{action}", _CLUSTER) for action in ("RegisterContainerInstance", "DeregisterContainerInstance")),
        *((f"ecs:Submit{what}", _CLUSTER) for what in ("ContainerStateChange", "TaskStateChange")),
        ("ecs:SubmitAttachmentStateChanges", _CLUSTER),
        ("ecs:UpdateContainerInstancesState", _INSTANCE),
        ("ecs:TagResource", _INSTANCE),
        ("ecs:DiscoverPollEndpoint", "*"),
    ),
    "ecs-agent": (("ecs:Poll", _INSTANCE),),
    "ecs-telemetry": (("ecs:Poll", _INSTANCE), ("ecs:StartTelemetrySession", _INSTANCE)),
}
_IMAGE = re.compile(r"[^/]+\.dkr\.ecr\.[^/]+/(?P<repository>[^@:]+)(?:[@:].*)?")


def needs(graph: Graph, resource: Resource) -> Mapping[str, Needs]:
    """What a compute environment or service has to call, by the name of the service's endpoint."""
    is_fargate = text(resource.get("ComputeResources", "Type")).upper().startswith("FARGATE")
    if resource.type == BATCH:
        jobs = list(graph.of_type("AWS::Batch::JobDefinition"))
        images, logs, storage = _images(graph, jobs), _logs(graph, jobs), _storage(graph, jobs)
        agent = {} if is_fargate else {**_AGENT, "logs": logs}
        return {**agent, **_pulling(images), "s3": (("s3:GetObject", LAYERS), *storage)}
    if resource.type == SERVICE and text(resource.get("LaunchType")).upper() == "FARGATE":
        return {**_pulling(()), "s3": (("s3:GetObject", LAYERS),)}
    return {}


def _pulling(repositories: tuple[str, ...]) -> dict[str, Needs]:
    images = tuple((action, name) for action in _IMAGE_ACTIONS for name in repositories or ("",))
    return {"ecr.api": (("ecr:GetAuthorizationToken", "*"), *images), "ecr.dkr": images}


def _containers(jobs: list[Resource]) -> Iterator[Mapping[str, Any]]:
    for job in jobs:
        body = job.get("ContainerProperties")
        if isinstance(body, Mapping):
            yield body


def _images(graph: Graph, jobs: list[Resource]) -> tuple[str, ...]:
    """The repositories of this account's registry that job definitions name."""
    found = []
    for body in _containers(jobs):
        image = body.get("Image")
        named = _IMAGE.fullmatch(common(graph, image)) if isinstance(image, str) else None
        if named and "<" not in named["repository"]:
            found.append(f"arn:aws:ecr:region:account:repository/{named['repository']}")
    return tuple(dict.fromkeys(found))


def _logs(graph: Graph, jobs: list[Resource]) -> Needs:
    """The log groups of the template that job definitions write to."""
    found = []
    for body in _containers(jobs):
        settings = body.get("LogConfiguration")
        options = settings.get("Options") if isinstance(settings, Mapping) else None
        name = options.get("awslogs-group") if isinstance(options, Mapping) else None
        group = None if isinstance(name, Unknown) else graph.referred(name, "AWS::Logs::LogGroup")
        found.append(f"{arn(graph, group)}:log-stream:a stream" if group else "")
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    return tuple((action, wanted) for action in actions for wanted in dict.fromkeys(found or [""]))


def _storage(graph: Graph, jobs: list[Resource]) -> Needs:
    """What the roles of jobs may do in S3, where they say it without wildcards."""
    found: dict[tuple[str, str], None] = {}
    for body in _containers(jobs):
        value = body.get("JobRoleArn")
        role = None if isinstance(value, Unknown) else graph.referred(value, "AWS::IAM::Role")
        for statement in role_statements(graph, role) if role else ():
            actions = [one for one in texts(statement.body.get("Action")) if re.fullmatch(r"s3:\w+", one)]
            if statement.effect == "Allow":
                found.update({(a, r): None for a in actions for r in statement.resources(graph) if r.strip("*")})
    return tuple(found)
