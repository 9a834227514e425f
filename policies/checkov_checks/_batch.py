"""The places where a job definition of AWS Batch has containers.

checkov loads it with the others; it registers no check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from _rules import Check, mapping, sequence, text

JOB_DEFINITION = "AWS::Batch::JobDefinition"
COMPUTE_ENVIRONMENT = "AWS::Batch::ComputeEnvironment"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A container of a job definition. `task` is what it shares with others (volumes, host namespaces): for a container
    that is alone the container itself."""

    key: str
    container: dict[str, Any]
    task_key: str
    task: dict[str, Any]
    kubernetes: bool = False


class JobCheck(Check):
    """A check of job definitions."""

    resource_types = (JOB_DEFINITION,)


def containers(properties: dict[str, Any]) -> Iterator[Place]:
    """Every container of a job definition, wherever it may stand."""
    yield from _node(properties, "Properties", "ContainerProperties")
    nodes = mapping(properties.get("NodeProperties"))
    for index, node in enumerate(sequence(nodes.get("NodeRangeProperties"))):
        yield from _node(mapping(node), f"Properties/NodeProperties/NodeRangeProperties/[{index}]", "Container")


def on_instances(properties: dict[str, Any]) -> bool:
    """Whether a compute environment is managed and starts instances: a kind that is not known counts."""
    kind = (text(mapping(properties.get("ComputeResources")).get("Type")) or "").upper()
    managed = (text(properties.get("Type")) or "").upper() != "UNMANAGED"
    return managed and kind not in ("FARGATE", "FARGATE_SPOT", "ECS_MANAGED_INSTANCES")


def _node(node: dict[str, Any], at: str, single: str) -> Iterator[Place]:
    if isinstance(alone := node.get(single), dict):
        yield Place(key=f"{at}/{single}", container=alone, task_key=f"{at}/{single}", task=alone)
    for index, task in enumerate(sequence(mapping(node.get("EcsProperties")).get("TaskProperties"))):
        key = f"{at}/EcsProperties/TaskProperties/[{index}]"
        for number, container in enumerate(sequence(mapping(task).get("Containers"))):
            inner = f"{key}/Containers/[{number}]"
            yield Place(key=inner, container=mapping(container), task_key=key, task=mapping(task))
    pod = mapping(mapping(node.get("EksProperties")).get("PodProperties"))
    for group in ("InitContainers", "Containers"):
        for index, container in enumerate(sequence(pod.get(group))):
            key = f"{at}/EksProperties/PodProperties"
            inner = f"{key}/{group}/[{index}]"
            yield Place(key=inner, container=mapping(container), task_key=key, task=pod, kubernetes=True)
