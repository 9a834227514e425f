"""Rules and schedules: what they call, how often, and the alarm that rings when they stay silent."""

import re
from collections.abc import Iterator
from typing import Any

from stackproof.graph.alarms import table
from stackproof.graph.alarms.definition import points
from stackproof.graph.alarms.missing import is_heartbeat
from stackproof.graph.alarms.model import LESS, Alarm, Metric, alarms
from stackproof.graph.alarms.naming import named
from stackproof.graph.alarms.own import environment
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown, UnknownValueError

RULE, SCHEDULE = "AWS::Events::Rule", "AWS::Scheduler::Schedule"
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_HOUR, _DAY = 3600, 86400
# minutes, hours, (days), (months), (weekdays), years
_CRON = re.compile(r"cron\(\s*\S+\s+\S+\s+(\S+)\s+(\S+)\s+(\S+)\s+\S+\s*\)")
_MONTHLY_DAY = re.compile(r"L(-\d+)?|LW|\d+W", re.IGNORECASE)  # the last day, the workday next to a day
_MONTHLY_WEEKDAY = re.compile(r"\w+#\d|\w+L", re.IGNORECASE)  # the second Monday, the last Friday
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LOOKS_BACK = 7  # days: an alarm's periods together are no longer (API PutMetricAlarm)
_STATISTICS = ("Sum", "SampleCount", "Maximum")


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


def is_rare(resource: Resource) -> bool:
    """Whether more time passes between two runs than an alarm can look back: no alarm can tell that one was missed."""
    every = interval(resource)
    found = _CRON.fullmatch(str(resource.properties.get("ScheduleExpression")))
    if found is None:
        return every is not None and every > _LOOKS_BACK * _DAY
    days, months, weekdays = found.groups()
    if _MONTHLY_DAY.fullmatch(days) or _MONTHLY_WEEKDAY.fullmatch(weekdays) or 0 < len(_chosen(months, 12)) < 12:
        return True
    chosen = sorted(_chosen(days, 31)) if weekdays in ("?", "*") else []
    following = [*chosen[1:], *(day + 28 for day in chosen[:1])]
    return any(later - earlier > _LOOKS_BACK for earlier, later in zip(chosen, following, strict=True))


def _chosen(field: str, highest: int) -> set[int]:
    """The numbers that a field of a cron expression names, none where it can't be read."""
    found: set[int] = set()
    for part in re.sub("|".join(_MONTHS), lambda name: str(_MONTHS.index(name[0]) + 1), field.upper()).split(","):
        read = re.fullmatch(r"(?:([*?])|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        if read is None or read[4] == "0":
            return set()
        first, last = (1, highest) if read[1] else (int(read[2]), int(read[3] or (highest if read[4] else read[2])))
        found.update(range(first, min(last, highest) + 1, int(read[4] or 1)))
    return found


def silence(graph: Graph, schedule: Resource, missed_at_most: int) -> str | None:
    """Why no alarm rings when a schedule, or what it calls, stays silent; None when one does. An alarm on a metric of
    the user's own counts when the functions that emit into its namespace are not known to be all others.

    Raises: UnknownValueError when none does for sure and one might.
    """
    about, every = [schedule, *targets(graph, schedule)], interval(schedule)
    reasons: list[str] = []
    doubt: UnknownValueError | None = None
    for alarm, metric in _on_little(graph):
        try:
            if _is_about(graph, metric, about):
                why = _unfit(alarm, metric, every, missed_at_most)
                if why is None:
                    return None
                reasons.append(f"{alarm.name} watches it, but {why}")
        except UnknownValueError as error:
            doubt = error
    if doubt is not None:
        raise doubt
    return reasons[0] if reasons else "no alarm watches for its silence"


def _on_little(graph: Graph) -> Iterator[tuple[Alarm, Metric]]:
    """The alarms that fire when little of something that counts work happens."""
    for alarm in alarms(graph):
        if alarm.operator in LESS:
            yield from ((alarm, metric) for metric in alarm.metrics if is_heartbeat(metric))


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


def _unfit(alarm: Alarm, metric: Metric, every: int | None, missed_at_most: int) -> str | None:
    """Why an alarm does not tell a silence of a schedule, which runs every so many seconds (None: who knows)."""
    if not alarm.is_enabled:
        return "its actions are switched off"
    if alarm.is_plain and alarm.get("TreatMissingData") != "breaching":
        return "missing data do not breach"
    if str(metric.statistic) not in _STATISTICS:
        return f"the statistic {metric.statistic} does not tell how often it ran"
    if not isinstance(metric.period, int) or metric.period <= 0:
        return "it has no period"
    if alarm.is_plain and not alarm.fires_at(0.0):
        return "it does not fire at 0"
    window, silent = alarm.window or 0, points(alarm) * metric.period
    runs = max(window // every, 1) if every else 1
    if window < (every or 0):
        return f"it rings between two runs: it looks at {window} s, and a run comes every {every} s"
    if alarm.is_plain and every is not None and alarm.fires_at(max(metric.period // every, 1)):
        return f"it fires while all is well, at {max(metric.period // every, 1)} in a period"
    if silent > max(_HOUR, missed_at_most * every if every else _DAY * 7, window if runs == 1 else 0):
        return f"it rings only after {silent} s of silence"
    return None
