"""Resilience: what functions fail at."""

from stackproof.graph import Graph
from stackproof.graph.delivery.callers import may_be_asynchronous
from stackproof.graph.delivery.functions import failure_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::Lambda::Function", where=may_be_asynchronous)
def function_failure_destination(function: Resource, graph: Graph) -> Hits:
    """A function that may be called without anybody waiting has a queue or destination for what it fails at.

    It exists, can take it, and the function's role may send there.
    """
    yield from failure_faults(graph, function)
