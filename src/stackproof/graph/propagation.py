"""What passes tags on to what it starts: launch templates, groups and compute environments, job definitions,
services."""

from collections.abc import Callable, Mapping
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.tags import agreement, faults, specified, tags
from stackproof.graph.values import items, known
from stackproof.rules import Hit, Hits
from stackproof.template.model import Path, Resource

Policy = Mapping[str, Any]
_TAGGED = ("instance", "volume")


def _launch_template(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    at: Path = ("Properties", "LaunchTemplateData")
    given = resource.get("LaunchTemplateData", "TagSpecifications")
    for kind in _TAGGED:
        for hit in faults(specified(given, (*at, "TagSpecifications"), kind), at, policy, agreement(graph, policy)):
            yield Hit(f"of the {kind}s that are launched: {hit.message}", path=hit.path)


def _compute_environment(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    at: Path = ("Properties", "ComputeResources")
    given = tags(resource.get("ComputeResources", "Tags"), (*at, "Tags"))
    for hit in faults(given, at, policy, agreement(graph, policy)):
        yield Hit(f"of the instances: {hit.message}", path=hit.path)


def _group(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    for index, item in enumerate(items(resource.get("Tags"))):
        if isinstance(known(item), Mapping) and known(item.get("PropagateAtLaunch")) is not True:
            path = ("Properties", "Tags", index)
            yield Hit("the group keeps a tag to itself: PropagateAtLaunch is not true", path=path)


def _job_definition(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    if known(resource.get("PropagateTags")) is not True:
        yield Hit("jobs get none of their tags on to their tasks: PropagateTags is not true", path=_at(resource))


def _service(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    if resource.get("PropagateTags") not in ("SERVICE", "TASK_DEFINITION"):
        yield Hit("tasks get no tags: PropagateTags is neither SERVICE nor TASK_DEFINITION", path=_at(resource))


def _instance(resource: Resource, graph: Graph, policy: Policy) -> Hits:
    if known(resource.get("PropagateTagsToVolumeOnCreation")) is not True:
        yield Hit(
            "the volumes of the instance get no tags: PropagateTagsToVolumeOnCreation is not true", path=("Properties",)
        )


def _at(resource: Resource) -> Path:
    return ("Properties", "PropagateTags") if "PropagateTags" in resource.properties else ("Properties",)


CHECKS: Mapping[str, Callable[[Resource, Graph, Policy], Hits]] = {
    "AWS::EC2::LaunchTemplate": _launch_template,
    "AWS::Batch::ComputeEnvironment": _compute_environment,
    "AWS::AutoScaling::AutoScalingGroup": _group,
    "AWS::Batch::JobDefinition": _job_definition,
    "AWS::ECS::Service": _service,
    "AWS::EC2::Instance": _instance,
}
"""What to check, by type."""


def is_concerned(resource: Resource, graph: Graph) -> bool:
    """Whether a resource has something to pass tags on to: an unmanaged compute environment and one on Fargate start no
    instances, and a job on Kubernetes is no task."""
    if resource.type == "AWS::Batch::JobDefinition":
        return "EksProperties" not in resource.properties
    if resource.type != "AWS::Batch::ComputeEnvironment":
        return True
    kind = resource.get("ComputeResources", "Type", default="")
    return resource.get("Type") != "UNMANAGED" and not str(kind).upper().startswith("FARGATE")
