"""Outcomes of jobs: by AWS Batch's own count, by a rule that tells a topic, and by metrics of the user's own."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.alarms import own
from stackproof.graph.alarms.coverage import Need, gap
from stackproof.graph.alarms.model import Metric, alarms
from stackproof.graph.alarms.schedules import RULE, is_disabled, targets
from stackproof.graph.alarms.telling import TOPIC, subscriptions
from stackproof.graph.dashboards import dashboard
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, mapping
from stackproof.template.model import Resource
from stackproof.template.references import display

QUEUE = "AWS::Batch::JobQueue"
_FAILED = Need(namespace="AWS/Batch", names=("JobsMovedToFailed",), dimension="JobQueueName", periods=1)


def queue_gap(graph: Graph, queue: Resource) -> str | None:
    """Why nothing tells people of a queue's failed jobs, None when an alarm does, or a rule."""
    if any(_tells(graph, rule, queue) for rule in graph.of_type(RULE)):
        return None
    return gap(graph, queue, _FAILED)


def _tells(graph: Graph, rule: Resource, queue: Resource) -> bool:
    """Whether a rule tells a topic that somebody has subscribed to of each failed job of a queue."""
    topics = [item for item in targets(graph, rule) if item.type == TOPIC]
    if is_disabled(rule) or not any(any(subscriptions(graph, topic)) for topic in topics):
        return False
    pattern = mapping(rule.properties.get("EventPattern"))
    detail = mapping(pattern.get("detail"))
    if "aws.batch" not in items(pattern.get("source")) or set(detail) - {"jobQueue", "status"}:
        return False
    return (
        "Batch Job State Change" in items(pattern.get("detail-type") or "Batch Job State Change")
        and ("status" not in detail or "FAILED" in items(detail["status"]))
        and ("jobQueue" not in detail or any(graph.referred(one) is queue for one in items(detail["jobQueue"])))
    )


def unwatched(graph: Graph, resource: Resource, limits: Mapping[str, Any]) -> Iterator[str]:
    """The metrics of the user's own that a dashboard shows, whose names tell of a fault, and that no alarm watches."""
    watched = {(m.namespace, m.name) for alarm in alarms(graph) for m in alarm.metrics if _is_readable(m)}
    shown = [m for _, m in dashboard(graph, resource).metrics if _is_readable(m)]
    names = dict.fromkeys((m.namespace, m.name) for m in shown if own.kind(m, limits) is not None)
    yield from (display(name) for space, name in names if (space, name) not in watched)


def _is_readable(metric: Metric) -> bool:
    return isinstance(metric.namespace, str) and isinstance(metric.name, str)
