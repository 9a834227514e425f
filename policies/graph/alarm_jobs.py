"""Alarms: outcomes of jobs."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.alarms.jobs import QUEUE, queue_gap, unwatched
from stackproof.graph.dashboards import BODY, DASHBOARD
from stackproof.rules import Hit, Hits, Resource, rule


def _runs_jobs(resource: Resource, graph: Graph) -> bool:
    return resource.type == QUEUE or bool(graph.by_type.get(QUEUE))


@rule(QUEUE, DASHBOARD, where=_runs_jobs)
def alarm_jobs(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """Each job queue has an alarm on failed jobs by AWS Batch's own count, or a rule that tells a topic of them;
    faults of jobs that a dashboard shows by metrics of the user's own have alarms too."""
    if resource.type == DASHBOARD:
        for name in unwatched(graph, resource, thresholds["alarms"]):
            yield Hit(f"the dashboard shows {name}, which tells of a fault, and no alarm watches it", path=BODY)
    elif why := queue_gap(graph, resource):
        yield Hit(f"no alarm tells of failed jobs (AWS/Batch JobsMovedToFailed): {why}", path=("Properties",))
