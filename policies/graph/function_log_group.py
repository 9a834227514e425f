"""Retention: log groups of functions."""

from stackproof.graph import Graph
from stackproof.graph.logs import group_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::Lambda::Function")
def function_log_group(function: Resource, graph: Graph) -> Hits:
    """Each function writes to a log group of its own that the template declares, and is made after it."""
    yield from group_faults(graph, function)
