"""Encryption: the key lets those use it who must."""

from stackproof.graph import Graph
from stackproof.graph.keyusers import KEY_AT, own_key, refusals
from stackproof.rules import Hit, Hits, Resource, rule


def _has_own_key(resource: Resource, graph: Graph) -> bool:
    return own_key(graph, resource) is not None


@rule(*KEY_AT, where=_has_own_key)
def key_usable(resource: Resource, graph: Graph) -> Hits:
    """The key that encrypts a resource lets the services and roles use it that this template makes use it."""
    key = own_key(graph, resource)
    for refused in refusals(graph, resource, key) if key else ():
        message = (
            f"{refused.who} works with it but may not use its key {key.logical_id}: {refused.action} is not allowed"
        )
        yield Hit(message, path=("Properties", *KEY_AT[resource.type]))
