"""Logging: functions."""

from stackproof.graph import Graph
from stackproof.graph.logs import logging_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::Lambda::Function")
def function_logging(function: Resource, graph: Graph) -> Hits:
    """Each function may write to its log group, may not make the group anew, and writes structured logs."""
    yield from logging_faults(graph, function)
