"""Whether a resource is covered: an alarm that watches this metric of it, and that fires in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stackproof.graph.alarms import math
from stackproof.graph.alarms.definition import points
from stackproof.graph.alarms.model import BOTH, GREATER, Alarm, Metric, alarms, takes
from stackproof.graph.alarms.naming import named
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown, UnknownValueError

COUNT, DEPTH, LONGEST = ("Sum",), ("Maximum", "Sum", "Average"), ("Maximum", "p90")
"""Statistics that a need takes: counts are summed; a depth stays until somebody acts, so that its mean shows it too; a
longest time, or nearly."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What an alarm has to watch: metrics of a namespace (any of `names`), of the resource that `dimension` names, with
    `more` dimensions beside it (None: of any value). It fires at `value` and not at `rest`, when at most `periods`
    periods are bad, which are at most `seconds`. `by_band`: an anomaly detection band will do."""

    namespace: str
    names: tuple[str, ...]
    dimension: str
    more: tuple[tuple[str, tuple[Any, ...] | None], ...] = ()
    statistics: tuple[str, ...] = COUNT
    value: float = 1.0
    rest: float = 0.0
    periods: int = 3
    seconds: int = 3600
    by_band: bool = False


def gap(graph: Graph, resource: Resource, need: Need) -> str | None:
    """Why no alarm of the template covers a resource, None when one does: "no alarm watches it", or what keeps those
    that do from being of use.

    Raises: UnknownValueError when none does for sure and one might.
    """
    reasons: list[str] = []
    doubt: UnknownValueError | None = None
    for alarm in candidates(graph, need.namespace):
        try:
            for reason in _reasons(graph, resource, alarm, need):
                if not reason:
                    return None
                reasons.append(f"{alarm.name} watches it, but {reason}")
        except UnknownValueError as error:
            doubt = error
    if doubt is not None:
        raise doubt
    return reasons[0] if reasons else "no alarm watches it"


def _reasons(graph: Graph, resource: Resource, alarm: Alarm, need: Need) -> Iterator[str]:
    """For each way in which an alarm watches what is needed: what keeps it from being of use, '' for nothing."""
    for metric in alarm.metrics:
        if watches(graph, resource, metric, need):
            yield "its actions are switched off" if not alarm.is_enabled else unfit(alarm, metric, need)
    for expression in alarm.expressions:
        if _asks(str(expression.text), need):
            yield "" if alarm.is_enabled and alarm.fires_at(need.value) else f"it does not fire at {need.value:g}"


def watches(graph: Graph, resource: Resource, metric: Metric, need: Need) -> bool:
    """Whether a metric is the one that is needed, of this resource."""
    if metric.namespace != need.namespace or metric.name not in need.names:
        return False
    wanted = frozenset({need.dimension, *(name for name, _ in need.more)})
    if not metric.has_dimensions(wanted):
        return False
    given: Any = metric.dimensions
    if any(allowed is not None and given[name] not in allowed for name, allowed in need.more):
        return False
    return named(graph, need.namespace, need.dimension, given[need.dimension]).resource is resource


def unfit(alarm: Alarm, metric: Metric, need: Need) -> str:
    """What keeps an alarm on a metric from telling what is needed, '' for nothing."""
    if alarm.get("ThresholdMetricId") is not None:
        fine = need.by_band and alarm.operator in ("GreaterThanUpperThreshold", BOTH)
        return "" if fine else "it compares with a band, not with a limit"
    if alarm.operator not in GREATER:
        return f"its comparison is {alarm.operator or 'missing'}"
    value = need.value
    if not takes(str(metric.statistic), need.statistics):
        if str(metric.statistic) != "Average" or "Sum" not in need.statistics:
            return f"its statistic {metric.statistic} does not show it"
        value = 0.5  # a share, or a mean over the data points of a period
    bad = points(alarm)
    if bad > need.periods:
        return f"it fires only after {bad} bad periods"
    if not isinstance(metric.period, int) or bad * metric.period > need.seconds:
        return "it fires too late" if isinstance(metric.period, int) else "it has no period"
    if not math.fires(alarm, metric, value):
        return f"it does not fire at {value:g}"
    return "it always fires" if math.fires(alarm, metric, need.rest) else ""


def _asks(text: str, need: Need) -> bool:
    """Whether a query over all resources has the metric that is needed.

    Raises: UnknownValueError for a query over some of them.
    """
    found = math.query(text) if math.is_query(text) else None
    if found is None or found[0] != need.namespace or found[1] not in need.names or need.more:
        return False
    if "WHERE" in found[2].upper():
        raise UnknownValueError(Unknown(reason=f"which resources the query {text!r} is about"))
    return True


def candidates(graph: Graph, namespace: str) -> tuple[Alarm, ...]:
    """The alarms that watch something in a namespace, or something unknown."""
    key = ("alarm candidates", namespace)
    if key not in graph.cache:
        graph.cache[key] = tuple(alarm for alarm in alarms(graph) if _may_be_in(alarm, namespace))
    found: tuple[Alarm, ...] = graph.cache[key]
    return found


def _may_be_in(alarm: Alarm, namespace: str) -> bool:
    values = [metric.namespace for metric in alarm.metrics]
    if any(isinstance(value, Unknown) for value in [*values, *(e.text for e in alarm.expressions)]):
        return True
    return namespace in values or any(math.is_query(str(e.text)) for e in alarm.expressions)


def watched_by_siblings(graph: Graph, resource: Resource, siblings: list[Resource], need: Need) -> bool:
    """Whether at least half of the siblings (this resource among them) have an alarm that is not this resource's: what
    most have is meant for all."""
    key = ("alarms of siblings", need.names, need.more)
    if key not in graph.cache:
        graph.cache[key] = [item.logical_id for item in siblings if _is_covered(graph, item, need)]
    covered: list[str] = graph.cache[key]
    return resource.logical_id not in covered and 0 < len(siblings) <= 2 * len(covered)


def _is_covered(graph: Graph, resource: Resource, need: Need) -> bool:
    try:
        return gap(graph, resource, need) is None
    except UnknownValueError:
        return False
