"""Where computing runs: the subnets that a resource names, and the security groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import found, items, known, mapping, text
from stackproof.template.model import Path, Resource, Unknown

SUBNET = "AWS::EC2::Subnet"
BATCH, SERVICE = "AWS::Batch::ComputeEnvironment", "AWS::ECS::Service"
INSTANCE, SCALING = "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"
FUNCTION, TEMPLATE = "AWS::Lambda::Function", "AWS::EC2::LaunchTemplate"
_TASKS = ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
_NODES = ("NetworkInterfaces", "*", "SubnetId")

# The properties that name subnets, by type (schemas of the types).
_SUBNETS: Mapping[str, tuple[Path, ...]] = {
    BATCH: (("ComputeResources", "Subnets"),),
    SERVICE: (_TASKS,),
    "AWS::ECS::TaskSet": (("NetworkConfiguration", "AwsVpcConfiguration", "Subnets"),),
    "AWS::Events::Rule": (("Targets", "*", "EcsParameters", "NetworkConfiguration", "AwsVpcConfiguration", "Subnets"),),
    "AWS::Scheduler::Schedule": (("Target", "EcsParameters", *_TASKS),),
    "AWS::Pipes::Pipe": (("TargetParameters", "EcsTaskParameters", *_TASKS),),
    FUNCTION: (("VpcConfig", "SubnetIds"),),
    INSTANCE: (("SubnetId",), _NODES),
    TEMPLATE: (("LaunchTemplateData", *_NODES),),
    SCALING: (("VPCZoneIdentifier",),),
    "AWS::EKS::Nodegroup": (("Subnets",),),
    "AWS::EKS::FargateProfile": (("Subnets",),),
    "AWS::SageMaker::NotebookInstance": (("SubnetId",),),
    "AWS::CodeBuild::Project": (("VpcConfig", "Subnets"),),
    "AWS::EMR::Cluster": (("Instances", "Ec2SubnetId"), ("Instances", "Ec2SubnetIds")),
    "AWS::MWAA::Environment": (("NetworkConfiguration", "SubnetIds"),),
}
COMPUTE = tuple(_SUBNETS)
"""The types that run somebody's code."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A subnet that a resource names: the value at `path`, and the subnet of the template, None for another's."""

    path: Path
    value: Any
    subnet: Resource | None


def places(graph: Graph, resource: Resource) -> list[Place]:
    """The subnets that a resource names. An unknown one comes as a place without a subnet.

    Raises: UnknownValueError when the list itself is not known.
    """
    cached: dict[str, list[Place]] = graph.cache.setdefault("network.places", {})
    if resource.logical_id not in cached:
        cached[resource.logical_id] = list(_places(graph, resource))
    return cached[resource.logical_id]


def _places(graph: Graph, resource: Resource) -> Iterator[Place]:
    for steps in _SUBNETS[resource.type]:
        for path, value in found(resource, steps):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield _place(graph, (*path, index), item)
            else:
                yield _place(graph, path, value)
    if resource.type == INSTANCE:
        for path, value in found(resource, ("NetworkInterfaces", "*", "NetworkInterfaceId")):
            card = graph.referred(known(value), "AWS::EC2::NetworkInterface")
            yield _place(graph, path, card.get("SubnetId") if card else value)


def _place(graph: Graph, path: Path, value: Any) -> Place:
    subnet = None if isinstance(value, Unknown) else graph.referred(value, SUBNET)
    return Place(path=path, value=value, subnet=subnet)


def has_network(resource: Resource, graph: Graph) -> bool:
    """Whether a resource runs in a network that its own properties could name."""
    match resource.type:
        case "AWS::Batch::ComputeEnvironment":
            return text(resource.get("Type")).upper() != "UNMANAGED" or resource.get("ComputeResources") is not None
        case "AWS::EC2::Instance" | "AWS::AutoScaling::AutoScalingGroup":
            return True
        case "AWS::ECS::Service":
            return bool(places(graph, resource)) or text(resource.get("LaunchType")) == "FARGATE"
        case _:
            return bool(places(graph, resource))


def missing(graph: Graph, resource: Resource) -> tuple[str, Path] | None:
    """What is wrong with a resource that names no subnet though it must, and where."""
    if places(graph, resource):
        return None
    match resource.type:
        case "AWS::AutoScaling::AutoScalingGroup" if _template_places(graph, resource):
            return None
        case "AWS::EC2::Instance" | "AWS::AutoScaling::AutoScalingGroup":
            return "it names no subnet, so it runs in the default network, whose subnets are public", ("Properties",)
        case "AWS::Batch::ComputeEnvironment":
            block = ("ComputeResources",) if resource.get("ComputeResources") is not None else ()
            return "it names no subnets", ("Properties", *block)
        case "AWS::ECS::Service":
            return "its tasks run on Fargate and it names no subnets for them", ("Properties",)
    return None


def _template_places(graph: Graph, group: Resource) -> bool:
    specifications = [
        group.get("LaunchTemplate"),
        group.get("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"),
    ]
    for specification in specifications:
        for name in ("LaunchTemplateId", "LaunchTemplateName"):
            template = graph.referred(known(mapping(specification).get(name)), TEMPLATE)
            if template is not None and places(graph, template):
                return True
    return False


def security_groups(graph: Graph, resource: Resource) -> list[Any]:
    """The security groups of a compute environment or of a service's tasks, as named there; of an environment whose
    launch template names them, the template's."""
    if resource.type == SERVICE:
        return items(resource.get("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"))
    own = items(resource.get("ComputeResources", "SecurityGroupIds"))
    if own:
        return own
    specification = mapping(resource.get("ComputeResources", "LaunchTemplate"))
    template = graph.referred(known(specification.get("LaunchTemplateId")), TEMPLATE)
    if template is None:
        return []
    data = mapping(template.get("LaunchTemplateData"))
    cards = [mapping(card) for card in items(data.get("NetworkInterfaces"))]
    return [*items(data.get("SecurityGroupIds")), *(group for card in cards for group in items(card.get("Groups")))]
