"""CloudWatch metrics: where the data points of a session are kept, and what statistics are made of them.

No data point comes from a test: they come from the services (`put`), from embedded metrics in logs (`add`), and from a
role that calls PutMetricData. moto's own copy, which answers GetMetricData, GetMetricStatistics and ListMetrics, is
made from here when it is asked for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World

MINUTE = 60
SIMPLE_STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
_READS = ("GetMetricData", "GetMetricStatistics", "ListMetrics")

Buckets = dict[int, list[float]]
"""Values by the second (since the epoch) at which their bucket begins."""
Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: a namespace, a name and one set of dimensions. Another set is another metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> "Metric":
        """With the dimensions of a mapping."""
        return cls(namespace=namespace, name=name, dimensions=tuple(sorted(dimensions.items())))

    @property
    def key(self) -> Key:
        """What the store finds it by."""
        return (self.namespace, self.name, self.dimensions)


@dataclass(kw_only=True)
class Series:
    """The values of one metric in one unit: by the minute, and, of high resolution, by the second."""

    minutes: Buckets = field(default_factory=dict)
    seconds: Buckets = field(default_factory=dict)

    def between(self, first: int, last: int) -> Iterator[float]:
        """The values of the buckets that begin from `first` up to but not including `last`."""
        for second in range(first - first % -MINUTE, last, MINUTE):
            yield from self.minutes.get(second, ())
        for second, values in self.seconds.items():
            if first <= second < last:
                yield from values


@dataclass(kw_only=True)
class Book:
    """The data points of a session by metric and unit, and the newest second with data of each metric."""

    series: dict[Key, dict[str, Series]] = field(default_factory=dict)
    newest: dict[Key, int] = field(default_factory=dict)


class Metrics:
    """The data points of a session (ports.Metrics)."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.seam.intercept(self._before)
        world.seam.observe(self._after)

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, *, unit: str = "None"
    ) -> None:
        """One value of an AWS service, now."""
        self.add(Metric.of(namespace, name, dimensions), [value], unit=unit, at=self._world.clock.now())

    def add(
        self, metric: Metric, values: Sequence[float], *, unit: str, at: datetime, high_resolution: bool = False
    ) -> None:
        """Values of one instant. They are kept by the second when `high_resolution`, else by the minute.

        Raises: EmbeddedError for a value that is not a finite number.
        """
        if not all(math.isfinite(value) for value in values):
            raise EmbeddedError(f"The metric {metric.name!r} got a value that is not a finite number: {values!r}.")
        second = int(at.timestamp())
        book = self._book
        series = book.series.setdefault(metric.key, {}).setdefault(unit, Series())
        buckets, begin = (series.seconds, second) if high_resolution else (series.minutes, second - second % MINUTE)
        buckets.setdefault(begin, []).extend(float(value) for value in values)
        book.newest[metric.key] = max(begin, book.newest.get(metric.key, begin))

    def values(self, metric: Metric, *, start: datetime, end: datetime, unit: str | None = None) -> list[float]:
        """The values from `start` up to but not including `end`, of one unit or of all."""
        if self.silent_since(metric, start):
            return []
        units = self._book.series[metric.key]
        first, last = int(start.timestamp()), int(end.timestamp())
        chosen = units.values() if unit is None else [units[unit]] if unit in units else []
        return [value for series in chosen for value in series.between(first, last)]

    def silent_since(self, metric: Metric, start: datetime) -> bool:
        """Whether a metric has no data from `start` on."""
        newest = self._book.newest.get(metric.key)
        return newest is None or newest < int(start.timestamp())

    def datapoint(
        self, metric: Metric, statistic: str, *, start: datetime, end: datetime, unit: str | None = None
    ) -> float | None:
        """One statistic over a window; None without data."""
        found = self.values(metric, start=start, end=end, unit=unit)
        return statistic_of(statistic, found) if found else None

    def listed(self) -> list[Metric]:
        """Every metric that has data, in the order of first appearance."""
        return [Metric(namespace=n, name=m, dimensions=d) for n, m, d in self._book.series]

    def units(self, metric: Metric) -> list[str]:
        """The units in which a metric came."""
        return list(self._book.series.get(metric.key, {}))

    @property
    def _book(self) -> Book:
        return self._world.state("cloudwatch.metrics", lambda: Book())

    def _before(self, call: Call) -> None:
        if call.service != "cloudwatch":
            return
        if call.operation == "PutMetricData" and call.principal.is_operator:
            raise EmbeddedError(
                "cloudwatch:PutMetricData by the operator: no data point comes from a test. "
                "Let the stack's own code or a service emit the metric."
            )
        if call.operation in _READS:
            _refuse_unknown_statistics(call.parameters)
            self._feed_moto()

    def _after(self, call: Call, answer: Answer) -> None:
        if call.name != "cloudwatch:PutMetricData" or answer.error is not None:
            return
        for datum in call.parameters["MetricData"]:
            if "StatisticValues" in datum:
                raise EmbeddedError("PutMetricData with StatisticValues is not emulated; put Values.")
            dimensions = {d["Name"]: d["Value"] for d in datum.get("Dimensions", [])}
            at = datum.get("Timestamp", call.at)
            self.add(
                Metric.of(call.parameters["Namespace"], datum["MetricName"], dimensions),
                _put_values(datum),
                unit=datum.get("Unit", "None"),
                at=at if at.tzinfo else at.replace(tzinfo=UTC),
                high_resolution=datum.get("StorageResolution", MINUTE) == 1,
            )

    def _feed_moto(self) -> None:
        account = self._world.account
        cloudwatch_backends[account.id][account.region].metric_data = list(self._as_moto())

    def _as_moto(self) -> Iterator[MetricAggregatedDatum]:
        for (namespace, name, dimensions), units in self._book.series.items():
            pairs = [{"Name": key, "Value": value} for key, value in dimensions]
            for unit, series in units.items():
                for second, values in (*series.minutes.items(), *series.seconds.items()):
                    at = datetime.fromtimestamp(second, tz=UTC)
                    yield MetricAggregatedDatum(
                        namespace=namespace,
                        name=name,
                        min_stat=min(values),
                        max_stat=max(values),
                        sample_count=len(values),
                        sum_stat=sum(values),
                        dimensions=pairs,
                        timestamp=at.replace(tzinfo=None),  # moto compares naive ones
                        unit=unit,
                    )


def statistic_of(statistic: str, values: Sequence[float]) -> float:
    """A statistic of at least one value. Percentiles are by nearest rank; CloudWatch's own are approximations.

    Raises: EmbeddedError for a statistic that is not emulated (trimmed means and the like).
    """
    match statistic:
        case "Sum":
            return math.fsum(values)
        case "Average":
            return math.fsum(values) / len(values)
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
        case "SampleCount":
            return float(len(values))
    share = percentile(statistic)
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


def percentile(statistic: str) -> float:
    """The number of a percentile statistic: 99.9 for `p99.9`.

    Raises: EmbeddedError when it is none between p0 and p100.
    """
    try:
        share = float(statistic[1:]) if statistic[:1] == "p" else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise EmbeddedError(f"The CloudWatch statistic {statistic!r} is not emulated.")
    return share


def _put_values(datum: Mapping[str, Any]) -> list[float]:
    if "Values" not in datum:
        return [float(datum["Value"])]
    counts = datum.get("Counts") or [1] * len(datum["Values"])
    return [float(value) for value, count in zip(datum["Values"], counts, strict=True) for _ in range(int(count))]


def _refuse_unknown_statistics(parameters: Mapping[str, Any]) -> None:
    if parameters.get("ExtendedStatistics"):
        raise EmbeddedError("GetMetricStatistics with ExtendedStatistics is not emulated.")
    for query in parameters.get("MetricDataQueries", []):
        statistic = query.get("MetricStat", {}).get("Stat")
        if statistic not in SIMPLE_STATISTICS:
            raise EmbeddedError(f"GetMetricData {query['Id']!r}: only the statistics {SIMPLE_STATISTICS} are emulated.")
