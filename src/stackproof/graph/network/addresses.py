"""Public addresses: what gives one to a machine, a task or a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import found, known
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource
from stackproof.template.references import display, inside, target

_AWSVPC = ("NetworkConfiguration", "AwsvpcConfiguration")
_ECS_RULE = ("Targets", "*", "EcsParameters", "NetworkConfiguration", "AwsVpcConfiguration")
_CARDS = ("NetworkInterfaces", "*", "AssociatePublicIpAddress")
_OFF = ("DISABLED", "disabled")


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """A property that gives public addresses. `at` leads to the block that it stands in, `good` are the values that
    give none. Where `stated`, a missing one gives some."""

    at: Path
    name: str
    good: tuple[Any, ...] = (False,)
    stated: bool = False


_PUBLIC = _Setting(at=(), name="PubliclyAccessible")
_PUBLIC_UNLESS_STATED = _Setting(at=(), name="PubliclyAccessible", stated=True)
# By type (schemas of the types; where nothing is stated: CreateDBInstance, CreateReplicationInstance).
_SETTINGS: Mapping[str, tuple[_Setting, ...]] = {
    "AWS::EC2::Subnet": (_Setting(at=(), name="MapPublicIpOnLaunch"),),
    "AWS::EC2::Instance": (_Setting(at=_CARDS[:2], name=_CARDS[2]),),
    "AWS::EC2::LaunchTemplate": (_Setting(at=("LaunchTemplateData", *_CARDS[:2]), name=_CARDS[2]),),
    "AWS::EC2::SpotFleet": (
        _Setting(at=("SpotFleetRequestConfigData", "LaunchSpecifications", "*", *_CARDS[:2]), name=_CARDS[2]),
    ),
    "AWS::AutoScaling::LaunchConfiguration": (_Setting(at=(), name="AssociatePublicIpAddress"),),
    "AWS::ECS::Service": (_Setting(at=_AWSVPC, name="AssignPublicIp", good=_OFF),),
    "AWS::ECS::TaskSet": (
        _Setting(at=("NetworkConfiguration", "AwsVpcConfiguration"), name="AssignPublicIp", good=_OFF),
    ),
    "AWS::Events::Rule": (_Setting(at=_ECS_RULE, name="AssignPublicIp", good=_OFF),),
    "AWS::Scheduler::Schedule": (_Setting(at=("Target", "EcsParameters", *_AWSVPC), name="AssignPublicIp", good=_OFF),),
    "AWS::Pipes::Pipe": (
        _Setting(at=("TargetParameters", "EcsTaskParameters", *_AWSVPC), name="AssignPublicIp", good=_OFF),
    ),
    "AWS::Batch::JobDefinition": (
        _Setting(at=("ContainerProperties", "NetworkConfiguration"), name="AssignPublicIp", good=_OFF),
        _Setting(at=("EcsProperties", "TaskProperties", "*", "NetworkConfiguration"), name="AssignPublicIp", good=_OFF),
    ),
    "AWS::RDS::DBInstance": (_PUBLIC_UNLESS_STATED,),
    "AWS::RDS::DBCluster": (_PUBLIC,),
    "AWS::Neptune::DBInstance": (_PUBLIC,),
    "AWS::Redshift::Cluster": (_PUBLIC,),
    "AWS::RedshiftServerless::Workgroup": (_PUBLIC,),
    "AWS::DMS::ReplicationInstance": (_PUBLIC_UNLESS_STATED,),
    "AWS::AmazonMQ::Broker": (_PUBLIC_UNLESS_STATED,),
    "AWS::MSK::Cluster": (
        _Setting(at=("BrokerNodeGroupInfo", "ConnectivityInfo", "PublicAccess"), name="Type", good=("DISABLED",)),
    ),
}
# An address of its own for a machine. One for a NAT gateway or a load balancer is named by those.
_ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "AWS::EC2::EIP": ("InstanceId",),
    "AWS::EC2::EIPAssociation": ("InstanceId", "NetworkInterfaceId"),
}
TYPES = (*_SETTINGS, *_ADDRESSES)
"""The types that can give public addresses."""


def has_say(resource: Resource, graph: Graph) -> bool:
    """Whether a resource says anything of addresses: a rule or schedule does where it starts tasks, a job definition
    where it has a network configuration."""
    if resource.type in (
        "AWS::Events::Rule",
        "AWS::Scheduler::Schedule",
        "AWS::Pipes::Pipe",
        "AWS::Batch::JobDefinition",
    ):
        return any(True for setting in _SETTINGS[resource.type] for _ in found(resource, setting.at))
    return True


def address_faults(graph: Graph, resource: Resource) -> Iterator[Hit]:
    """What in a resource gives public addresses, and an address that nothing uses (Security Hub, EC2.12)."""
    if resource.type == "AWS::EC2::EIP" and not graph.incoming.get(resource.logical_id):
        exported = {reference.target for reference in inside(graph.template.outputs)}
        if resource.logical_id not in exported and resource.get("InstanceId") is None:
            yield Hit("it is a public address that nothing in this template uses", path=("Properties",))
    for setting in _SETTINGS.get(resource.type, ()):
        for path, block in found(resource, setting.at):
            value = known(known(block).get(setting.name)) if isinstance(known(block), Mapping) else None
            if value is None and setting.stated:
                yield Hit(f"it does not state {setting.name}, and may get a public address so", path=path)
            elif value is not None and value not in setting.good:
                yield Hit(
                    f"it gives out public addresses ({setting.name}: {_shown(value)})", path=(*path, setting.name)
                )
    for name in _ADDRESSES.get(resource.type, ()):
        value = known(resource.get(name))
        if value is not None:
            what = target(value) or _shown(value)
            yield Hit(f"it gives {what} a public address of its own", path=("Properties", name))


def _shown(value: Any) -> str:
    return display(value) if isinstance(value, str) else str(value).lower()
