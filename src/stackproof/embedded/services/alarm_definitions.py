"""Alarms as they are deployed in moto, read into what the evaluation needs, and as AWS tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import Alarm, MetricDataQuery

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.services.evaluation import Rule
from stackproof.embedded.services.expressions import Node, names, parse
from stackproof.embedded.services.metrics import SIMPLE_STATISTICS, Metric, percentile

SUB_MINUTE = (10, 20, 30)
NOT_EMULATED = (
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)
DYNAMODB = "AWS/DynamoDB"
REGION_NAMES: Mapping[str, str] = {
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A metric with the statistic that makes a data point of it."""

    metric: Metric
    statistic: str
    unit: str | None


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One alarm. `watched` is the id of the query that is held against the threshold; `period` is in seconds."""

    name: str
    arn: str
    rule: Rule
    period: int
    sources: Mapping[str, Source]
    expressions: Mapping[str, Node]
    watched: str


def read(alarm: Alarm) -> Definition:
    """The definition of a deployed alarm.

    Raises: EmbeddedError for what is not emulated (anomaly detection, trimmed means, low-sample rules, ...).
    """
    if alarm.evaluate_low_sample_count_percentile == "ignore":
        raise EmbeddedError(f"The alarm {alarm.name}: EvaluateLowSampleCountPercentile ignore is not emulated.")
    try:
        sources, expressions, watched, period = _queries(alarm) if alarm.metric_data_queries else _single(alarm)
        periods = int(alarm.evaluation_periods)
        rule = Rule(
            comparison=alarm.comparison_operator,
            threshold=float(alarm.threshold),
            periods=periods,
            datapoints=int(alarm.datapoints_to_alarm or periods),
            missing=_missing(alarm, sources),
        )
    except EmbeddedError as error:
        raise EmbeddedError(f"The alarm {alarm.name}: {error}") from None
    return Definition(
        name=alarm.name,
        arn=alarm.alarm_arn,
        rule=rule,
        period=_checked_period(alarm.name, period),
        sources=sources,
        expressions=expressions,
        watched=watched,
    )


def refuse(operation: str, parameters: Mapping[str, Any]) -> None:
    """Raise for the parts of a PutMetricAlarm that moto would drop without a word."""
    if operation == "PutCompositeAlarm":
        raise EmbeddedError(f"The composite alarm {parameters.get('AlarmName')} is not emulated.")
    if operation != "PutMetricAlarm":
        return
    for name in NOT_EMULATED:
        if name in parameters:
            raise EmbeddedError(f"The alarm {parameters['AlarmName']}: {name} is not emulated.")
    if any("AccountId" in query for query in parameters.get("Metrics", [])):
        raise EmbeddedError(f"The alarm {parameters['AlarmName']}: metrics of other accounts are not emulated.")


def trigger(alarm: Alarm) -> dict[str, Any]:
    """The `Trigger` of the message that CloudWatch publishes."""
    common = {
        "Period": int(alarm.period) if alarm.period else None,
        "EvaluationPeriods": int(alarm.evaluation_periods),
        "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        common["Period"] = read(alarm).period
        return common | {"Metrics": [_told_query(query) for query in alarm.metric_data_queries]}
    extended = alarm.extended_statistic
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": extended} if extended else {"Statistic": (alarm.statistic or "").upper()}),
        "Unit": alarm.unit,
        "Dimensions": [{"value": d.value, "name": d.name} for d in alarm.dimensions],
    } | common


def _single(alarm: Alarm) -> tuple[dict[str, Source], dict[str, Node], str, int]:
    if alarm.statistic and alarm.extended_statistic:
        raise EmbeddedError("Statistic and ExtendedStatistic exclude each other.")
    source = Source(
        metric=Metric.of(alarm.namespace, alarm.metric_name, {str(d.name): str(d.value) for d in alarm.dimensions}),
        statistic=_checked_statistic(alarm.extended_statistic or alarm.statistic),
        unit=alarm.unit,
    )
    return {"m": source}, {}, "m", int(alarm.period)


def _queries(alarm: Alarm) -> tuple[dict[str, Source], dict[str, Node], str, int]:
    sources: dict[str, Source] = {}
    expressions: dict[str, Node] = {}
    periods: set[int] = set()
    watched: list[str] = []
    for query in alarm.metric_data_queries:
        if query.metric_stat:
            stat = query.metric_stat
            found = stat.metric
            dimensions = {str(d.name): str(d.value) for d in found.dimensions}
            sources[query.id] = Source(
                metric=Metric.of(found.namespace, found.metric_name, dimensions),
                statistic=_checked_statistic(stat.stat),
                unit=stat.unit,
            )
            periods.add(int(stat.period))
        else:
            expressions[query.id] = parse(query.expression or "")
        if _returned(query):
            watched.append(query.id)
    if len(periods) != 1 or len(watched) != 1:
        raise EmbeddedError(f"its queries have the periods {sorted(periods)} and return {watched}, not one of each.")
    _refuse_unknown_ids(expressions, sources)
    return sources, expressions, watched[0], periods.pop()


def _refuse_unknown_ids(expressions: Mapping[str, Node], sources: Mapping[str, Source]) -> None:
    known = {*sources, *expressions, "REPEAT"}
    for identifier, node in expressions.items():
        if unknown := names(node) - known:
            raise EmbeddedError(f"the expression {identifier} names {sorted(unknown)}, which it has no metrics for.")


def _returned(query: MetricDataQuery) -> bool:
    return query.return_data is None or str(query.return_data).lower() == "true"


def _missing(alarm: Alarm, sources: Mapping[str, Source]) -> str:
    """DynamoDB's metrics: missing data are ignored always, whatever the alarm says (API, PutMetricAlarm)."""
    if any(source.metric.namespace == DYNAMODB for source in sources.values()):
        return "ignore"
    return alarm.treat_missing_data or "missing"


def _checked_statistic(statistic: str | None) -> str:
    if not statistic:
        raise EmbeddedError("it has no statistic.")
    if statistic not in SIMPLE_STATISTICS:
        percentile(statistic)
    return statistic


def _checked_period(name: str, period: int) -> int:
    if period in SUB_MINUTE or (period > 0 and period % 60 == 0):
        return period
    raise EmbeddedError(f"The alarm {name}: a period is 10, 20, 30 or a multiple of 60 seconds, not {period}.")


def _told_query(query: MetricDataQuery) -> dict[str, Any]:
    told: dict[str, Any] = {"Id": query.id, "ReturnData": _returned(query)}
    if query.label:
        told["Label"] = query.label
    if query.metric_stat is None:
        return told | {"Expression": query.expression}
    stat = query.metric_stat
    return told | {
        "MetricStat": {
            "Metric": {
                "Dimensions": [{"value": d.value, "name": d.name} for d in stat.metric.dimensions],
                "MetricName": stat.metric.metric_name,
                "Namespace": stat.metric.namespace,
            },
            "Period": int(stat.period),
            "Stat": stat.stat,
        }
    }
