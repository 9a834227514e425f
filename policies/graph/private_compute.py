"""Network: where compute runs."""

from stackproof.graph import Graph
from stackproof.graph.network.places import COMPUTE, has_network
from stackproof.graph.network.private import private_faults
from stackproof.rules import Hits, Resource, rule


@rule(*COMPUTE, where=has_network)
def private_compute(resource: Resource, graph: Graph) -> Hits:
    """Compute runs in subnets from which no route leads to an internet gateway, and reaches what it has to.

    A subnet that is not in this template can't be judged.
    """
    yield from private_faults(graph, resource)
