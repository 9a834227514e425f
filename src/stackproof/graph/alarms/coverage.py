"""Whether a resource is covered: an alarm that watches this metric of it, and that can fire."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stackproof.graph.alarms import math, table
from stackproof.graph.alarms.definition import points
from stackproof.graph.alarms.model import BOTH, GREATER, Alarm, Metric, alarms
from stackproof.graph.alarms.naming import named
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown, UnknownValueError


@dataclass(frozen=True, kw_only=True)
class Need:
    """What an alarm has to watch: metrics of a namespace (any of `names`), of the resource that `dimension` names,
    with `more` dimensions beside it (a value None: any). `value` is what it has to fire at."""

    namespace: str
    names: tuple[str, ...]
    dimension: str
    more: tuple[tuple[str, tuple[Any, ...] | None], ...] = ()
    value: float = 1.0
    periods: int | None = None
    by_band: bool = False


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


def covers(graph: Graph, resource: Resource, alarm: Alarm, need: Need, test: Callable[[Alarm, Metric], bool]) -> bool:
    """Whether an alarm watches what is needed and passes the test (it fires when it should)."""
    if any(watches(graph, resource, metric, need) and test(alarm, metric) for metric in alarm.metrics):
        return alarm.is_enabled
    return any(_asks(str(e.text), need) and alarm.fires_at(need.value) for e in alarm.expressions) and alarm.is_enabled


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


def covered(graph: Graph, resource: Resource, need: Need, test: Callable[[Alarm, Metric], bool] | None = None) -> bool:
    """Whether an alarm of the template watches what is needed and fires when it should.

    Raises: UnknownValueError when none does for sure and one might.
    """
    doubt: UnknownValueError | None = None
    for alarm in candidates(graph, need.namespace):
        try:
            if covers(graph, resource, alarm, need, test or _test(need)):
                return True
        except UnknownValueError as error:
            doubt = error
    if doubt is not None:
        raise doubt
    return False


def candidates(graph: Graph, namespace: str) -> tuple[Alarm, ...]:
    """The alarms that watch something in a namespace, or something unknown."""
    key = ("alarm candidates", namespace)
    if key not in graph.cache:
        graph.cache[key] = tuple(alarm for alarm in alarms(graph) if namespace in _namespaces(alarm))
    found: tuple[Alarm, ...] = graph.cache[key]
    return found


def _namespaces(alarm: Alarm) -> "_Any | set[str]":
    values = [metric.namespace for metric in alarm.metrics]
    unknown = any(isinstance(value, Unknown) for value in [*values, *(e.text for e in alarm.expressions)])
    if unknown or any(math.is_query(str(e.text)) for e in alarm.expressions):
        return _Any()
    return {value for value in values if isinstance(value, str)}


class _Any:
    """Holds everything."""

    def __contains__(self, item: object) -> bool:
        return True


def _test(need: Need) -> Callable[[Alarm, Metric], bool]:
    def test(alarm: Alarm, metric: Metric) -> bool:
        if alarm.get("ThresholdMetricId") is not None:
            return need.by_band and alarm.operator in ("GreaterThanUpperThreshold", BOTH)
        if alarm.operator not in GREATER or not can_see(alarm, metric):
            return False
        if need.periods is not None and points(alarm) > need.periods:
            return False
        return math.fires(alarm, metric, _value(metric, need)) and not _at_rest(alarm)

    return test


def _value(metric: Metric, need: Need) -> float:
    """An average (or percentile) of faults is a share: it has to fire at less than all."""
    if need.value <= 1 or str(metric.statistic) in ("Sum", "Maximum"):
        return need.value
    return 1.0


def _at_rest(alarm: Alarm) -> bool:
    if alarm.is_plain:
        return alarm.fires_at(0.0)
    found = math.at_rest(alarm)
    return found is not None and alarm.fires_at(found)


def can_see(alarm: Alarm, metric: Metric) -> bool:
    """Whether the statistic shows a fault: not one that counts data points or takes the best of them."""
    return str(metric.statistic) not in ("SampleCount", "Minimum")


def heartbeats(graph: Graph) -> Iterator[tuple[Alarm, Metric]]:
    """The alarms that fire when something stays silent, with the metric of each."""
    for alarm in alarms(graph):
        if alarm.operator.startswith("LessThan") and alarm.operator != BOTH and alarm.is_enabled:
            breaching = alarm.get("TreatMissingData") == "breaching" or not alarm.is_plain
            yield from ((alarm, metric) for metric in alarm.metrics if breaching and not _counts_faults(metric))


def _counts_faults(metric: Metric) -> bool:
    known = table.known(str(metric.namespace), str(metric.name))
    return known is not None and known.is_fault
