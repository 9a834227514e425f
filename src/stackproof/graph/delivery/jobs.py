"""How long a job may block its queue."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import items, known, mapping, number, text
from stackproof.rules import Hit
from stackproof.template.model import Resource

_PROPERTY = "JobStateTimeLimitActions"
# AWS Batch, Jobs stuck in RUNNABLE: the reasons that a time limit can name. Fargate has no instances to run out of.
_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
_MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
_REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
_REASONS = (_CAPACITY, _MAX_RESOURCE, _REQUIREMENT)
_SECONDS = range(600, 86_401)  # schema


def has_runnable_jobs(queue: Resource, graph: Graph) -> bool:
    """Whether a queue is one of containers: jobs of SageMaker have other limits."""
    return (
        text(queue.get("JobQueueType")).upper() != "SAGEMAKER_TRAINING" and queue.get("ServiceEnvironmentOrder") is None
    )


def limit_faults(graph: Graph, queue: Resource, limit: int) -> Iterator[Hit]:
    """The reasons for which the first job of a queue may block it for ever, and the limits that are none."""
    covered = set()
    for index, body in enumerate(items(queue.get(_PROPERTY))):
        action = mapping(body)
        if fault := _fault(action, limit):
            yield Hit(f"time limit {index + 1}: {fault}", path=("Properties", _PROPERTY, index))
        else:
            covered.add(known(action.get("Reason")))
    for reason in _wanted(graph, queue):
        if reason not in covered:
            path = ("Properties", _PROPERTY) if queue.get(_PROPERTY) is not None else ("Properties",)
            yield Hit(f"a job that waits in RUNNABLE for {reason} blocks those behind it for ever", path=path)


def _fault(action: Mapping[str, Any], limit: int) -> str:
    if known(action.get("State")) != "RUNNABLE":
        return "State is not RUNNABLE, the only one there is"
    if text(action.get("Action")).upper() not in ("CANCEL", "TERMINATE"):
        return "Action is not CANCEL"
    if known(action.get("Reason")) not in _REASONS:
        return "Reason is none that AWS Batch gives"
    seconds = number(action.get("MaxTimeSeconds"))
    if seconds is None or seconds not in _SECONDS:
        return f"MaxTimeSeconds is not {_SECONDS.start} to {_SECONDS.stop - 1}"
    return f"MaxTimeSeconds is {seconds}, longer than a job may take ({limit})" if seconds > limit else ""


def _wanted(graph: Graph, queue: Resource) -> tuple[str, ...]:
    order = [mapping(item).get("ComputeEnvironment") for item in items(queue.get("ComputeEnvironmentOrder"))]
    environments = [graph.referred(known(value), "AWS::Batch::ComputeEnvironment") for value in order]
    kinds = [text(one.get("ComputeResources", "Type")).upper() if one else "" for one in environments]
    is_fargate = text(queue.get("JobQueueType")).upper() == "ECS_FARGATE" or (
        bool(kinds) and all(kind.startswith("FARGATE") for kind in kinds)
    )
    return (_MAX_RESOURCE,) if is_fargate else _REASONS
