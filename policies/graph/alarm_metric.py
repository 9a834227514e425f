"""Alarms: what they watch."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph, widgets
from stackproof.graph.alarms import composites, definition, metrics, queries, sense
from stackproof.graph.alarms.model import ALARM, COMPOSITE, of
from stackproof.graph.alarms.uses import uses
from stackproof.graph.dashboards import DASHBOARD, dashboard
from stackproof.rules import Hits, Resource, rule


def _names_alarms(resource: Resource, graph: Graph) -> bool:
    return resource.type != DASHBOARD or widgets.has_alarms(resource, graph)


@rule(ALARM, COMPOSITE, DASHBOARD, where=_names_alarms)
def alarm_metric(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each alarm watches a metric that exists, of a resource that exists, with a limit that it can pass and need not;
    composite alarms and dashboards name alarms that exist."""
    if resource.type == DASHBOARD:
        yield from widgets.alarm_faults(graph, dashboard(graph, resource))
    elif resource.type == COMPOSITE:
        yield from composites.faults(graph, resource)
    else:
        alarm, limits = of(graph, resource), thresholds["alarms"]
        yield from definition.faults(alarm, limits["periods_at_most"])
        for metric in alarm.metrics:
            yield from metrics.faults(graph, metric, uses(graph))
        yield from queries.faults(alarm)
        yield from sense.faults(alarm, limits)
