"""How often the template's alarms and dashboards use a namespace."""

from collections import Counter
from collections.abc import Mapping

from stackproof.graph.alarms.model import Metric, alarms
from stackproof.graph.dashboards import DASHBOARD, dashboard
from stackproof.graph.graph import Graph
from stackproof.template.model import UnknownValueError


def shown(graph: Graph) -> list[Metric]:
    """The metrics of all dashboards whose bodies are known."""
    found: list[Metric] = []
    for resource in graph.of_type(DASHBOARD):
        try:
            found += [metric for _, metric in dashboard(graph, resource).metrics]
        except UnknownValueError:
            continue
    return found


def uses(graph: Graph) -> Mapping[str, int]:
    """The number of metrics in each namespace."""
    if "namespace uses" not in graph.cache:
        metrics = [*(metric for alarm in alarms(graph) for metric in alarm.metrics), *shown(graph)]
        graph.cache["namespace uses"] = Counter(m.namespace for m in metrics if isinstance(m.namespace, str))
    found: Mapping[str, int] = graph.cache["namespace uses"]
    return found
