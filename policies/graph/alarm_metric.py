"""Alarms: what they watch."""

from stackproof.graph import Graph
from stackproof.graph.alarms import composites, definition, metrics, queries, sense
from stackproof.graph.alarms.model import ALARM, COMPOSITE, of
from stackproof.graph.alarms.uses import uses
from stackproof.rules import Hits, Resource, rule


@rule(ALARM, COMPOSITE)
def alarm_metric(resource: Resource, graph: Graph, thresholds: dict) -> Hits:
    """Each alarm watches a metric that exists, of a resource that exists, with a limit that it can pass and need not."""
    if resource.type == COMPOSITE:
        yield from composites.faults(graph, resource)
        return
    alarm, limits = of(graph, resource), thresholds["alarms"]
    yield from definition.faults(alarm, limits["periods_at_most"])
    for metric in alarm.metrics:
        yield from metrics.faults(graph, metric, uses(graph))
    yield from queries.faults(alarm)
    yield from sense.faults(alarm, limits)
