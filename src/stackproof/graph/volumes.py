"""Volumes of instances: what a list of device mappings encrypts, and which devices an image has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.keys import key_fault
from stackproof.graph.values import is_true, items, mapping, text
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource
from stackproof.template.references import whole

TEMPLATE_MAPPINGS: Path = ("LaunchTemplateData", "BlockDeviceMappings")
INSTANCE_MAPPINGS: Path = ("BlockDeviceMappings",)

# Devices that hold data, by the image type of AWS Batch (Batch, Launch templates; Bottlerocket, Block devices).
_DEVICES: Mapping[str, tuple[str, ...]] = {
    "ECS_AL2": ("/dev/xvda",),
    "ECS_AL2_NVIDIA": ("/dev/xvda",),
    "ECS_AL2023": ("/dev/xvda",),
    "ECS_AL2023_NVIDIA": ("/dev/xvda",),
    "EKS_AL2": ("/dev/xvda",),
    "EKS_AL2_NVIDIA": ("/dev/xvda",),
    "EKS_AL2023": ("/dev/xvda",),
    "EKS_AL2023_NVIDIA": ("/dev/xvda",),
    "ECS_BOTTLEROCKET": ("/dev/xvda", "/dev/xvdb"),
    "EKS_BOTTLEROCKET": ("/dev/xvda", "/dev/xvdb"),
}
_DEFAULT_IMAGE = "ECS_AL2023"


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume that a mapping makes: its device, its settings, and their place below the resource."""

    device: str
    body: Mapping[str, Any]
    path: Path


def volumes(resource: Resource, at: Path) -> Iterator[Volume]:
    """The EBS volumes of the device mappings at a path below the properties; devices left out or on the instance are
    none."""
    for index, item in enumerate(items(resource.get(*at))):
        body = mapping(item)
        if body.get("NoDevice") is None and not body.get("VirtualName"):
            path = ("Properties", *at, index)
            ebs = mapping(body.get("Ebs"))
            yield Volume(device=text(body.get("DeviceName")), body=ebs, path=(*path, "Ebs") if ebs else path)


def volume_faults(graph: Graph, body: Mapping[str, Any], path: Path) -> Iterator[Hit]:
    """What keeps a volume from being encrypted with a customer key."""
    if not is_true(body.get("Encrypted")):
        yield Hit("the volume is not encrypted", path=(*path, "Encrypted") if "Encrypted" in body else path)
    elif fault := key_fault(graph, body.get("KmsKeyId")):
        yield Hit(f"the volume's KmsKeyId {fault}", path=(*path, "KmsKeyId") if "KmsKeyId" in body else path)


def encrypted_devices(graph: Graph, template: Resource) -> set[str]:
    """The devices of a launch template that are encrypted with a customer key."""
    return {
        volume.device
        for volume in volumes(template, TEMPLATE_MAPPINGS)
        if not any(True for _ in volume_faults(graph, volume.body, volume.path))
    }


def image_devices(environment: Resource, template: Resource) -> set[str]:
    """The devices that hold data on the instances of a compute environment; none where the image is one's own."""
    if template.get("LaunchTemplateData", "ImageId") is not None or environment.get("ComputeResources", "ImageId"):
        return set()
    found: set[str] = set()
    for item in items(environment.get("ComputeResources", "Ec2Configuration")) or [{"ImageType": _DEFAULT_IMAGE}]:
        if not mapping(item).get("ImageIdOverride"):
            found.update(_DEVICES.get(text(mapping(item).get("ImageType")), ()))
    return found


def named_template(graph: Graph, given: Mapping[str, Any]) -> Resource | None:
    """The launch template of this template that a specification names, by id or by name."""
    found = graph.referred(given.get("LaunchTemplateId"), "AWS::EC2::LaunchTemplate")
    if found is not None or not isinstance(given.get("LaunchTemplateName"), str):
        return found
    by_name = graph.referred(given["LaunchTemplateName"], "AWS::EC2::LaunchTemplate")
    return by_name if by_name and by_name.get("LaunchTemplateName") is not None else None


def version_fault(given: Mapping[str, Any], template: Resource) -> str:
    """Why a specification does not use the version of a launch template that was declared last, '' when it may."""
    version = given.get("Version")
    reference = whole(version)
    if reference is None:
        return "" if version in (None, "$Latest", "$Default") or str(version).isdigit() else "is no version"
    attributes = ("LatestVersionNumber", "DefaultVersionNumber")
    if reference.target != template.logical_id or reference.attribute not in attributes:
        return f"is none of {template.logical_id}"
    return ""
