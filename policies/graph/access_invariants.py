"""The stack's own access invariants."""

from stackproof.graph import Graph
from stackproof.graph.access import Access
from stackproof.graph.iam.invariants import breaches
from stackproof.rules import TEMPLATE, Hits, rule


@rule(TEMPLATE)
def access_invariants(graph: Graph, access: Access) -> Hits:
    """Every access invariant of access.yaml holds over all grants of the template, and speaks of something."""
    yield from breaches(graph, access)
