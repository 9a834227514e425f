"""Whether compute environments can start instances."""

import re
from collections.abc import Iterator
from typing import Any

from _batch import COMPUTE_ENVIRONMENT, on_instances
from _rules import Check, Fault, has_items, is_unknown, mapping, named, sequence, shown, text

_KINDS = ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "ECS_MANAGED_INSTANCES")
# A type (m7i.xlarge), a family (m7i), or one of AWS Batch's own choices (optimal, default_x86_64, default_arm64).
_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\d[a-z0-9-]*(\.([0-9]*(nano|micro|small|medium|large|xlarge)|metal)\S*)?")
_CHOICES = ("optimal", "default_x86_64", "default_arm64")
_IMAGES = re.compile(r"(ECS|EKS)_(AL2023|AL2)(_NVIDIA)?|EKS_BOTTLEROCKET(_NVIDIA)?|ECS_BOTTLEROCKET(_NVIDIA)?")


class BatchEnvironment(Check):
    """Compute environments are enabled and say what they start."""

    check_id = "CKV_STACKPROOF_BATCH_ENVIRONMENT"
    resource_types = (COMPUTE_ENVIRONMENT,)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """An environment that is disabled, of no known kind, or without what its instances need."""
        state = properties.get("State")
        if (text(state) or "").upper() != "ENABLED" and state is not None:
            said = f"State is {shown(state)}: the environment starts no job"
            yield Fault(key="Properties/State", text=said, value=state)
        kind = properties.get("Type")
        if (text(kind) or "").upper() not in ("MANAGED", "UNMANAGED"):
            yield Fault(key="Properties/Type", text=f"Type is {shown(kind)}; MANAGED or UNMANAGED", value=kind)
        elif (text(kind) or "").upper() == "MANAGED":
            yield from _resources(mapping(properties.get("ComputeResources")))
        if on_instances(properties):
            yield from _instances(mapping(properties.get("ComputeResources")))


def _resources(resources: dict[str, Any]) -> Iterator[Fault]:
    kind = resources.get("Type")
    if (text(kind) or "").upper() not in _KINDS:
        said = f"Type is {shown(kind)}; one of {', '.join(_KINDS)}"
        yield Fault(key="Properties/ComputeResources/Type", text=said, value=kind)
    subnets = resources.get("Subnets")
    if (text(kind) or "").upper() != "ECS_MANAGED_INSTANCES" and not has_items(subnets):
        said = "no Subnets: there is no place where it could start something"
        yield Fault(key="Properties/ComputeResources/Subnets", text=said, value=subnets)


def _instances(resources: dict[str, Any]) -> Iterator[Fault]:
    at = "Properties/ComputeResources"
    types = resources.get("InstanceTypes")
    if not has_items(types):
        yield Fault(key=f"{at}/InstanceTypes", text=f"InstanceTypes is {shown(types)} and names none", value=types)
    for index, name in enumerate(sequence(types)):
        if is_unknown(name) or not (text(name) in _CHOICES or _INSTANCE_TYPE.fullmatch(text(name) or "")):
            said = f"{shown(name)} is no type or family of instances"
            yield Fault(key=f"{at}/InstanceTypes/[{index}]", text=said, value=name)
    role = resources.get("InstanceRole")
    if not named(role):
        yield Fault(key=f"{at}/InstanceRole", text="no InstanceRole: instances can't join the cluster", value=role)
    template, groups = resources.get("LaunchTemplate"), resources.get("SecurityGroupIds")
    if template is None and not has_items(groups):
        yield Fault(key=f"{at}/SecurityGroupIds", text="no SecurityGroupIds, and no launch template", value=groups)
    if template is not None and not any(named(mapping(template).get(f"LaunchTemplate{n}")) for n in ("Id", "Name")):
        yield Fault(key=f"{at}/LaunchTemplate", text="LaunchTemplate names no launch template", value=template)
    for index, item in enumerate(sequence(resources.get("Ec2Configuration"))):
        image = mapping(item).get("ImageType")
        if not _IMAGES.fullmatch(text(image) or ""):
            said = f"ImageType is {shown(image)}, which AWS Batch does not know"
            yield Fault(key=f"{at}/Ec2Configuration/[{index}]/ImageType", text=said, value=image)


check = BatchEnvironment()
