"""Alarms as the rules see them: the metrics that one watches, in whichever shape it says so."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Path, Resource, Unknown, UnknownValueError

ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"

GREATER = frozenset({"GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "GreaterThanUpperThreshold"})
LESS = frozenset({"LessThanThreshold", "LessThanOrEqualToThreshold", "LessThanLowerThreshold"})
BOTH = "LessThanLowerOrGreaterThanUpperThreshold"
SIMPLE = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)")
ID = re.compile(r"[a-z][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric that an alarm (or a dashboard) shows: values are as the template has them, Unknown included.
    `dimensions` is None where they can't be read, Unknown where they are not known; `path` is where the metric
    stands."""

    namespace: Any
    name: Any
    dimensions: Mapping[str, Any] | Unknown | None
    statistic: Any = None
    period: Any = None
    unit: Any = None
    account: Any = None
    id: str | None = None
    path: Path = ()

    def has_dimensions(self, names: frozenset[str]) -> bool:
        """Whether the dimensions are exactly these."""
        return self.dimensions is not None and frozenset(self.dimensions) == names


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A metric math expression, or a query, of an alarm."""

    id: str | None
    text: Any
    path: Path
    returned: bool


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm. `returned` is the id of the metric or expression that is held against the threshold (None for the
    plain form)."""

    resource: Resource
    metrics: tuple[Metric, ...]
    expressions: tuple[Expression, ...]
    returned: str | None

    @property
    def name(self) -> str:
        """The logical id."""
        return self.resource.logical_id

    def get(self, name: str) -> Any:
        """A property, None when it is not there."""
        return self.resource.properties.get(name)

    @property
    def operator(self) -> str:
        """The comparison operator, '' for none."""
        return str(self.get("ComparisonOperator") or "")

    @property
    def threshold(self) -> float | None:
        """The fixed threshold, None for none (anomaly detection) or one that is no number."""
        value = self.get("Threshold")
        if value is not None and not isinstance(value, bool) and isinstance(value, int | float):
            return float(value)
        return None if not isinstance(value, Unknown) else _raise(value)

    @property
    def is_plain(self) -> bool:
        """Whether it watches one metric as it is, without metric math."""
        return self.returned is None

    def fires_at(self, value: float) -> bool:
        """Whether a data point of this value is beyond the threshold."""
        threshold = self.threshold
        if threshold is None:
            return False
        match self.operator:
            case "GreaterThanThreshold":
                return value > threshold
            case "GreaterThanOrEqualToThreshold":
                return value >= threshold
            case "LessThanThreshold":
                return value < threshold
            case "LessThanOrEqualToThreshold":
                return value <= threshold
            case _:
                return False

    @property
    def is_enabled(self) -> bool:
        """Whether its actions are switched on."""
        return known(self.get("ActionsEnabled")) in (None, True)

    @property
    def window(self) -> int | None:
        """Seconds that an evaluation looks at, None when its parts can't be read."""
        periods = self.get("EvaluationPeriods")
        found = [metric.period for metric in self.metrics if isinstance(metric.period, int)]
        return periods * max(found) if isinstance(periods, int) and found else None


def takes(statistic: str, statistics: tuple[str, ...]) -> bool:
    """Whether a statistic is one of these, of which p90 stands for each percentile from there on."""
    found = _PERCENTILE.fullmatch(statistic)
    return 90 <= float(found[1]) <= 100 if found and "p90" in statistics else statistic in statistics


def _raise(value: Unknown) -> float:
    raise UnknownValueError(value)


def alarms(graph: Graph) -> tuple[Alarm, ...]:
    """All metric alarms of the template, read once."""
    if "alarms" not in graph.cache:
        graph.cache["alarms"] = tuple(read(resource) for resource in graph.of_type(ALARM))
    found: tuple[Alarm, ...] = graph.cache["alarms"]
    return found


def of(graph: Graph, resource: Resource) -> Alarm:
    """The alarm that a resource is."""
    if "alarms by name" not in graph.cache:
        graph.cache["alarms by name"] = {alarm.name: alarm for alarm in alarms(graph)}
    found: Alarm = graph.cache["alarms by name"][resource.logical_id]
    return found


def read(resource: Resource) -> Alarm:
    """An alarm out of its resource."""
    properties = resource.properties
    queries = properties.get("Metrics")
    if isinstance(queries, list):
        metrics = tuple(_queried(queries))
        expressions = tuple(_expressions(queries))
        returned = [e.id for e in expressions if e.returned] + [
            query.get("Id") for query in queries if _is_metric(query) and query.get("ReturnData") is not False
        ]
        return Alarm(
            resource=resource,
            metrics=metrics,
            expressions=expressions,
            returned=next((name for name in returned if isinstance(name, str)), ""),
        )
    if isinstance(queries, Unknown):
        return Alarm(resource=resource, metrics=(_unread(queries),), expressions=(), returned="")
    metric = Metric(
        namespace=properties.get("Namespace"),
        name=properties.get("MetricName"),
        dimensions=dimensions(properties.get("Dimensions")),
        statistic=properties.get("Statistic", properties.get("ExtendedStatistic")),
        period=properties.get("Period"),
        unit=properties.get("Unit"),
        path=("Properties",),
    )
    return Alarm(resource=resource, metrics=(metric,), expressions=(), returned=None)


def _unread(value: Unknown) -> Metric:
    return Metric(namespace=value, name=value, dimensions=None, path=("Properties", "Metrics"))


def _is_metric(query: Any) -> bool:
    return isinstance(query, Mapping) and "MetricStat" in query


def _queried(queries: list[Any]) -> Iterator[Metric]:
    for index, query in enumerate(queries):
        if isinstance(query, Unknown):
            yield _unread(query)
            continue
        if not _is_metric(query):
            continue
        stat = query["MetricStat"]
        stat = stat if isinstance(stat, Mapping) else {}
        metric = stat.get("Metric")
        metric = metric if isinstance(metric, Mapping) else {}
        yield Metric(
            namespace=metric.get("Namespace"),
            name=metric.get("MetricName"),
            dimensions=dimensions(metric.get("Dimensions")),
            statistic=stat.get("Stat"),
            period=stat.get("Period"),
            unit=stat.get("Unit"),
            account=query.get("AccountId"),
            id=query.get("Id") if isinstance(query.get("Id"), str) else None,
            path=("Properties", "Metrics", index, "MetricStat", "Metric"),
        )


def _expressions(queries: list[Any]) -> Iterator[Expression]:
    for index, query in enumerate(queries):
        if isinstance(query, Mapping) and "Expression" in query:
            yield Expression(
                id=query.get("Id") if isinstance(query.get("Id"), str) else None,
                text=query["Expression"],
                path=("Properties", "Metrics", index, "Expression"),
                returned=query.get("ReturnData") is not False,
            )


def dimensions(value: Any) -> Mapping[str, Any] | Unknown | None:
    """The dimensions of a list of {Name, Value}; None when it is not of that form or a name comes twice."""
    if value is None:
        return {}
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, list):
        return None
    found: dict[str, Any] = {}
    for item in value:
        if isinstance(item, Unknown):
            return item
        if isinstance(item, Mapping) and isinstance(item.get("Name"), Unknown):
            return item["Name"]  # type: ignore[no-any-return]
        if not isinstance(item, Mapping) or not isinstance(item.get("Name"), str) or item["Name"] in found:
            return None
        found[item["Name"]] = item.get("Value")
    return found
