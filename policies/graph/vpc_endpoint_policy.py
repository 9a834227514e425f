"""Network: what endpoints let through."""

from stackproof.graph import Graph
from stackproof.graph.network.endpoints import ENDPOINT, policy_faults, takes_policy
from stackproof.rules import Hits, Resource, rule


@rule(ENDPOINT, where=takes_policy)
def vpc_endpoint_policy(endpoint: Resource, graph: Graph) -> Hits:
    """An endpoint's policy says whose credentials it lets through, for which actions, to whose resources."""
    yield from policy_faults(graph, endpoint)
