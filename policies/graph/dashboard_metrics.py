"""Logging: what dashboards show."""

from stackproof.graph import Graph, widgets
from stackproof.graph.alarms import metrics
from stackproof.graph.alarms.uses import uses
from stackproof.graph.dashboards import BODY, DASHBOARD, dashboard
from stackproof.rules import Hit, Hits, Resource, rule


@rule(DASHBOARD)
def dashboard_metrics(resource: Resource, graph: Graph) -> Hits:
    """The widgets of each dashboard are well-formed, and their metrics exist, of resources that exist."""
    shown = dashboard(graph, resource)
    if shown.fault:
        yield Hit(f"the dashboard shows nothing: {shown.fault}", path=BODY)
        return
    yield from widgets.faults(graph, shown)
    for widget, metric in shown.metrics:
        for hit in metrics.faults(graph, metric, uses(graph)):
            yield Hit(f"{widget.name}: {hit.message}", path=BODY, outcome=hit.outcome)
