"""The launch templates of a Batch compute environment, and whether they encrypt what its instances write to."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, mapping
from stackproof.graph.volumes import encrypted_devices, image_devices, named_template, version_fault
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource
from stackproof.template.references import target


def specification_faults(graph: Graph, environment: Resource, at: Path) -> Iterator[Hit]:
    """What keeps the volumes of a compute environment's instances from being encrypted with a customer key."""
    given = mapping(environment.get("ComputeResources", "LaunchTemplate"))
    if not given:
        yield Hit("the environment names no launch template: its volumes are as the image has them", path=at)
        return
    yield from _one(graph, environment, given, at)
    for index, item in enumerate(items(given.get("Overrides"))):
        if mapping(item):
            yield from _one(graph, environment, mapping(item), (*at, "Overrides", index))


def _one(graph: Graph, environment: Resource, given: Mapping[str, Any], at: Path) -> Iterator[Hit]:
    template = named_template(graph, given)
    if template is None:
        yield _not_ours(graph, given, at)
        return
    if fault := version_fault(given, template):
        yield Hit(f"the launch template's Version {fault}", path=(*at, "Version"))
        return
    encrypted = encrypted_devices(graph, template)
    missing = sorted(image_devices(environment, template) - encrypted)
    if missing or not encrypted:
        what = " and ".join(missing) or "no volume"
        verb = f"does not encrypt {what}, which the image has" if missing else "encrypts no volume"
        yield Hit(f"the launch template {template.logical_id} {verb}", path=at)


def _not_ours(graph: Graph, given: Mapping[str, Any], at: Path) -> Hit:
    value = given.get("LaunchTemplateId") or given.get("LaunchTemplateName")
    if not isinstance(value, str) or target(value) in graph.resources:
        return Hit("what it names is no launch template", path=at)
    return Hit(
        "the launch template is not in this template: not known what it encrypts", path=at, outcome=Outcome.UNKNOWN
    )
