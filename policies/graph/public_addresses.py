"""Network: public addresses."""

from stackproof.graph import Graph
from stackproof.graph.network.addresses import TYPES, address_faults, has_say
from stackproof.rules import Hits, Resource, rule


@rule(*TYPES, where=has_say)
def public_addresses(resource: Resource, graph: Graph) -> Hits:
    """Nothing gives public addresses to machines, tasks and databases."""
    yield from address_faults(graph, resource)
