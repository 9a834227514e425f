"""Encryption: what is named as a key is one."""

from stackproof.graph import Graph
from stackproof.graph.keys import KEY_PROPERTIES, arn_fault, key_fault
from stackproof.graph.values import found
from stackproof.rules import Hit, Hits, Resource, rule


def _names_key(resource: Resource, graph: Graph) -> bool:
    return any(True for one in KEY_PROPERTIES[resource.type] for _ in found(resource, one.path))


@rule(*KEY_PROPERTIES, where=_names_key)
def key_reference(resource: Resource, graph: Graph) -> Hits:
    """Whatever a resource names as its key is a customer key that exists, is enabled and encrypts data."""
    for one in KEY_PROPERTIES[resource.type]:
        for place, value in found(resource, one.path):
            fault = key_fault(graph, value, takes_managed=one.takes_managed)
            if fault := fault or (arn_fault(graph, value) if one.needs_arn else ""):
                yield Hit(f"its {place[-1]} {fault}", path=place)
