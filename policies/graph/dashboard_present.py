"""Logging: the dashboard."""

from stackproof.graph import Graph
from stackproof.graph.alarms.functions import FUNCTIONS
from stackproof.graph.alarms.model import ALARM
from stackproof.graph.dashboards import DASHBOARD, dashboards
from stackproof.rules import TEMPLATE, Hit, Hits, rule


def _has_something_to_show(graph: Graph) -> bool:
    return any(graph.by_type.get(kind) for kind in (ALARM, DASHBOARD, *FUNCTIONS))


@rule(TEMPLATE, where=_has_something_to_show)
def dashboard_present(graph: Graph) -> Hits:
    """A template with functions or alarms has a dashboard that shows metrics."""
    if not graph.by_type.get(DASHBOARD):
        yield Hit("the template has functions or alarms, and no dashboard", path=("Resources",))
    elif not any(found.metrics for found in dashboards(graph)):
        yield Hit("no dashboard of the template shows a metric", path=("Resources",))
