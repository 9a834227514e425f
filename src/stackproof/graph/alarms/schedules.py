"""Rules and schedules: what they call, how often, and the alarm that rings when they stay silent."""

import re
from typing import Any

from stackproof.graph.alarms import table
from stackproof.graph.alarms.coverage import heartbeats
from stackproof.graph.alarms.model import Alarm, Metric, alarms
from stackproof.graph.alarms.naming import named
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown, UnknownValueError

RULE, SCHEDULE = "AWS::Events::Rule", "AWS::Scheduler::Schedule"
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def is_schedule(resource: Resource, graph: Graph) -> bool:
    """Whether a rule or schedule runs again and again (a schedule `at(...)` runs once)."""
    expression = resource.properties.get("ScheduleExpression")
    return expression is not None and not (isinstance(expression, str) and expression.startswith("at("))


def is_disabled(resource: Resource) -> bool:
    """Whether it is switched off."""
    return bool(resource.properties.get("State") == "DISABLED")


def targets(graph: Graph, resource: Resource) -> list[Resource]:
    """The resources of the template that a rule or schedule calls."""
    values = resource.properties.get("Targets") if resource.type == RULE else [resource.properties.get("Target")]
    found = [item.get("Arn") for item in values if isinstance(item, dict)] if isinstance(values, list | Unknown) else []
    return [item for value in found if (item := called(graph, value)) is not None]


def called(graph: Graph, arn: Any) -> Resource | None:
    """The resource of an ARN: by reference, or by a name that it declares at the end."""
    if isinstance(arn, Unknown):
        return None
    found = graph.referred(arn)
    return found or (graph.named.get(re.split(r"[:/]", arn)[-1]) if isinstance(arn, str) else None)


def interval(resource: Resource) -> int | None:
    """Seconds between two runs of a rate, None for a cron expression."""
    found = _RATE.fullmatch(str(resource.properties.get("ScheduleExpression")))
    return int(found[1]) * _SECONDS[found[2]] if found else None


def heartbeat(graph: Graph, schedule: Resource) -> Alarm | None:
    """The alarm that rings when a schedule, or what it calls, stays silent: on their own metrics, or on one of the
    user's own, which counts unless its namespace is known to be another function's.

    Raises: UnknownValueError when none does for sure and one might.
    """
    about = [schedule, *targets(graph, schedule)]
    doubt: UnknownValueError | None = None
    for alarm, metric in _heartbeats(graph):
        try:
            if _is_about(graph, metric, about) and _is_slow_enough(alarm, interval(schedule)):
                return alarm
        except UnknownValueError as error:
            doubt = error
    if doubt is not None:
        raise doubt
    return None


def _heartbeats(graph: Graph) -> tuple[tuple[Alarm, Metric], ...]:
    if "heartbeats" not in graph.cache:
        graph.cache["heartbeats"] = tuple(heartbeats(graph))
    found: tuple[tuple[Alarm, Metric], ...] = graph.cache["heartbeats"]
    return found


def _is_about(graph: Graph, metric: Metric, about: list[Resource]) -> bool:
    namespace = str(metric.namespace)
    if not table.is_aws(namespace):
        owners = _users(graph, namespace)
        return not owners or any(resource.logical_id in owners for resource in about)
    return any(
        named(graph, namespace, dimension, value).resource in about
        for dimension, value in dict(metric.dimensions or {}).items()
        if table.naming(namespace, dimension)
    )


def _users(graph: Graph, namespace: str) -> frozenset[str]:
    """The functions whose environment names a metric namespace: those that emit into it."""
    return frozenset(
        function.logical_id
        for function in graph.of_type("AWS::Lambda::Function")
        if namespace in environment(function).values()
    )


def environment(function: Resource) -> dict[str, Any]:
    """The environment variables of a function that are known."""
    block = function.properties.get("Environment")
    variables = block.get("Variables") if isinstance(block, dict) else None
    items = variables.items() if isinstance(variables, dict) else ()
    return {name: value for name, value in items if isinstance(value, str)}


def _is_slow_enough(alarm: Alarm, every: int | None) -> bool:
    """Whether the alarm waits at least as long as the schedule does: else it rings between two runs."""
    return every is None or (alarm.window or 0) >= every


def is_watched(graph: Graph, rule: Resource) -> bool:
    """Whether an alarm has a dimension that names the rule."""
    for alarm in alarms(graph):
        for metric in alarm.metrics:
            if metric.namespace == "AWS/Events" and isinstance(metric.dimensions, dict):
                value = metric.dimensions.get("RuleName")
                if value is not None and named(graph, "AWS/Events", "RuleName", value).resource is rule:
                    return True
    return False
