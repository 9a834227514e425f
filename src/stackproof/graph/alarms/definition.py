"""Whether an alarm can do its work: its operator, threshold, periods and expressions, apart from what it watches."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.alarms import math
from stackproof.graph.alarms.model import BOTH, GREATER, ID, LESS, Alarm
from stackproof.rules import Hit, Hits

_HOUR, _DAY, _WEEK = 3600, 86400, 604800
_PLAIN = ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic")


def faults(alarm: Alarm, periods_at_most: int) -> Hits:
    """What keeps the alarm from working."""
    yield from _form(alarm)
    yield from _periods(alarm, periods_at_most)
    yield from _comparison(alarm)


def _form(alarm: Alarm) -> Hits:
    properties = alarm.resource.properties
    if alarm.is_plain:
        both = "Statistic" in properties and "ExtendedStatistic" in properties
        if both:
            yield Hit("the alarm has two statistics", path=("Properties", "ExtendedStatistic"))
        return
    if stray := [name for name in _PLAIN if name in properties]:
        yield Hit(f"the alarm has Metrics and {stray[0]}, which exclude each other", path=("Properties", stray[0]))
    yield from _queries(alarm, properties["Metrics"])


def _queries(alarm: Alarm, queries: list[Any]) -> Hits:
    place = ("Properties", "Metrics")
    ids = [query.get("Id") if isinstance(query, Mapping) else None for query in queries]
    for index, name in enumerate(ids):
        if not isinstance(name, str) or not ID.fullmatch(name) or ids.index(name) != index:
            yield Hit("the id of a metric is missing, not of the form or given twice", path=(*place, index))
    for index, query in enumerate(queries):
        if isinstance(query, Mapping) and ("MetricStat" in query) == ("Expression" in query):
            yield Hit("a metric has neither or both of MetricStat and Expression", path=(*place, index))
    band = alarm.get("ThresholdMetricId")
    shown = [q.get("Id") for q in queries if isinstance(q, Mapping) and q.get("ReturnData") is not False]
    if len([name for name in shown if name != band]) != 1:
        yield Hit(f"{len(shown)} metrics return data, and an alarm needs exactly one (ReturnData)", path=place)
    if band is not None and band not in ids:
        yield Hit(f"there is no metric {band}", path=("Properties", "ThresholdMetricId"))
    for expression in alarm.expressions:
        text = str(expression.text)
        if math.is_query(text):
            if text.strip()[:6].upper() == "SEARCH" or math.query(text) is None:
                yield Hit("an alarm can't watch this query: it has to be one SELECT", path=expression.path)
            continue
        for name in sorted(math.named_ids(text) - {name for name in ids if isinstance(name, str)}):
            yield Hit(f"the expression names {name}, which is no metric of the alarm", path=expression.path)
        yield from _unused(alarm, text, expression.id)


def _unused(alarm: Alarm, text: str, name: str | None) -> Hits:
    if name != alarm.returned or "METRICS" in text or alarm.get("ThresholdMetricId") is not None:
        return
    used = set[str]()
    for expression in alarm.expressions:
        used |= math.named_ids(str(expression.text))
    for metric in alarm.metrics:
        if metric.id and metric.id not in used and not any("METRICS" in str(e.text) for e in alarm.expressions):
            yield Hit(f"no expression makes use of the metric {metric.id}", path=metric.path)


def _periods(alarm: Alarm, periods_at_most: int) -> Hits:
    periods, points = alarm.get("EvaluationPeriods"), alarm.get("DatapointsToAlarm")
    if isinstance(periods, bool) or not isinstance(periods, int) or periods < 1:
        yield Hit("EvaluationPeriods is not a number of 1 or more", path=("Properties",))
        return
    if periods > periods_at_most:
        message = f"the alarm looks at {periods} periods at once: it stays in ALARM long after the fault is over"
        yield Hit(message, path=("Properties", "EvaluationPeriods"))
    if points is not None and (not isinstance(points, int) or not 1 <= points <= periods):
        message = f"DatapointsToAlarm is {points}, of {periods} evaluation periods"
        yield Hit(message, path=("Properties", "DatapointsToAlarm"))
    window = alarm.window
    longest = _WEEK if window and window // periods >= _HOUR else _DAY
    if window and window > longest:
        message = f"the alarm looks at {window} s, and CloudWatch allows {longest} s for this period"
        yield Hit(message, path=("Properties", "EvaluationPeriods"))


def _comparison(alarm: Alarm) -> Hits:
    operator = alarm.operator
    if operator not in GREATER | LESS and operator != BOTH:
        yield Hit(f"{operator or 'nothing'} is no comparison operator", path=("Properties",))
        return
    if "Upper" in operator or "Lower" in operator:
        if alarm.get("ThresholdMetricId") is None:
            yield Hit(f"{operator} compares with a band, and there is no ThresholdMetricId", path=("Properties",))
    elif alarm.threshold is None:
        yield Hit("the alarm has no threshold", path=("Properties",))


def points(alarm: Alarm) -> int:
    """How many periods have to be bad until the alarm fires."""
    found = alarm.get("DatapointsToAlarm")
    found = alarm.get("EvaluationPeriods") if found is None else found
    return found if isinstance(found, int) else 0
