"""Encryption at rest: volumes."""

from stackproof.graph import Graph
from stackproof.graph.values import there
from stackproof.graph.volumes import INSTANCE_MAPPINGS, TEMPLATE_MAPPINGS, volume_faults, volumes
from stackproof.rules import Hit, Hits, Resource, rule


def _has_volumes(resource: Resource, graph: Graph) -> bool:
    """All but an instance whose launch template says what volumes it has."""
    return (
        resource.type != "AWS::EC2::Instance"
        or resource.get("LaunchTemplate") is None
        or resource.get("BlockDeviceMappings") is not None
    )


@rule(
    "AWS::EC2::Volume",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::Instance",
    "AWS::AutoScaling::LaunchConfiguration",
    where=_has_volumes,
)
def ebs_encryption(resource: Resource, graph: Graph) -> Hits:
    """Every volume is encrypted with a customer key, those that instances are started with too."""
    if resource.type == "AWS::EC2::Volume":
        yield from volume_faults(graph, resource.properties, ("Properties",))
        return
    at = TEMPLATE_MAPPINGS if resource.type == "AWS::EC2::LaunchTemplate" else INSTANCE_MAPPINGS
    made = list(volumes(resource, at))
    if not made:
        message = "no device mapping encrypts a volume: the root volume is as the image has it"
        yield Hit(message, path=there(resource, ("Properties", *at)))
    for volume in made:
        yield from volume_faults(graph, volume.body, volume.path)
