"""Network: what is let out."""

from stackproof.graph import Graph
from stackproof.graph.network.egress import egress_faults
from stackproof.graph.network.groups import EGRESS, GROUP
from stackproof.rules import Hits, Resource, rule


@rule(GROUP, EGRESS)
def explicit_egress(resource: Resource, graph: Graph) -> Hits:
    """A security group states what it lets out, and that is not everything to everywhere."""
    yield from egress_faults(graph, resource)
