"""Resilience: what can't be delivered to a target."""

from stackproof.graph import Graph
from stackproof.graph.delivery.targets import PIPE, RULE, SCHEDULE, target_faults
from stackproof.rules import Hits, Resource, rule


@rule(RULE, SCHEDULE, PIPE)
def event_target_failure(resource: Resource, graph: Graph) -> Hits:
    """A target lets its rule in, is tried again for a stated time, and what can't be delivered is kept in a queue.

    The queue lets EventBridge send for that rule.
    """
    yield from target_faults(graph, resource)
