"""Network: who gets in."""

from stackproof.graph import Graph
from stackproof.graph.network.groups import GROUP, INGRESS
from stackproof.graph.network.ingress import (
    ACL_ENTRY,
    CLASSIC,
    classic_faults,
    entry_faults,
    group_faults,
    is_inbound,
)
from stackproof.rules import Hits, Resource, rule


@rule(GROUP, INGRESS, ACL_ENTRY, *CLASSIC, where=is_inbound)
def open_ingress(resource: Resource, graph: Graph) -> Hits:
    """Nothing is open to the world, but 80 and 443 of a load balancer that faces the internet.

    The group of that rule is attached to such load balancers and to nothing else. For network ACLs, which keep no
    state, it is the ports of administration that count."""
    if resource.type == ACL_ENTRY:
        yield from entry_faults(graph, resource)
    elif resource.type in CLASSIC:
        yield from classic_faults(graph, resource)
    else:
        yield from group_faults(graph, resource)
