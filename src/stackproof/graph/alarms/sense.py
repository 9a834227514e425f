"""Whether an alarm's limit makes sense for what it watches: it can fire, it need not fire, and it fires in time."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.alarms import math, own, table
from stackproof.graph.alarms.definition import points
from stackproof.graph.alarms.model import GREATER, LESS, Alarm, Metric, takes
from stackproof.rules import Hit, Hits
from stackproof.template.references import display

_THRESHOLD, _OPERATOR = ("Properties", "Threshold"), ("Properties", "ComparisonOperator")


def faults(alarm: Alarm, limits: Mapping[str, Any]) -> Hits:
    """What is wrong with the limit of an alarm; `limits` are the thresholds of the area alarms."""
    if alarm.operator not in GREATER | LESS or alarm.threshold is None or not alarm.metrics:
        return
    if alarm.is_plain:
        yield from _plain(alarm, alarm.metrics[0], limits)
    elif all(_is_bad(metric, limits) for metric in alarm.metrics) and not any(
        math.is_query(str(e.text)) for e in alarm.expressions
    ):
        yield from _computed(alarm, limits)


def _is_bad(metric: Metric, limits: Mapping[str, Any]) -> bool:
    known = table.known(str(metric.namespace), str(metric.name))
    return known.is_fault if known is not None else own.kind(metric, limits) is not None


def _plain(alarm: Alarm, metric: Metric, limits: Mapping[str, Any]) -> Hits:
    known, mine = table.known(str(metric.namespace), str(metric.name)), own.kind(metric, limits)
    threshold, name = alarm.threshold or 0.0, display(str(metric.name))
    bad = mine is not None or (known is not None and known.is_fault)
    counts = str(metric.statistic) in ("Sum", "SampleCount")
    if alarm.operator in LESS and bad:
        yield Hit(f"the alarm fires while there is no {name}: it has to watch for a rise", path=_OPERATOR)
    elif alarm.operator in LESS and (known or counts) and not alarm.fires_at(0.0):
        yield Hit(f"the alarm never fires: {name} is never below {threshold:g}", path=_THRESHOLD)
    elif alarm.operator in GREATER and (known or counts or mine) and alarm.fires_at(0.0):
        yield Hit(f"the alarm always fires: {name} is never below the threshold {threshold:g}", path=_THRESHOLD)
    elif alarm.operator in GREATER and bad:
        yield from _statistic(alarm, metric, mine.statistics if mine else ("Sum",) if known and known.counted else ())
        yield from _reach(alarm, metric, mine.at_most if mine else limits["aws_faults_at_most"])
        if mine is not None or (known is not None and known.counted):
            yield from _delay(alarm, metric, limits)
        if known is not None and known.kind is table.Kind.LOSS and not (alarm.fires_at(1) and points(alarm) == 1):
            yield Hit(f"the alarm does not fire at the first of {name}: what is lost stays lost", path=_THRESHOLD)


def _statistic(alarm: Alarm, metric: Metric, statistics: tuple[str, ...]) -> Hits:
    """Whether a statistic shows that something is bad; a mean of counts does where half of a period's data points
    do."""
    given = str(metric.statistic)
    if statistics and not takes(given, statistics) and not (given == "Average" and alarm.fires_at(0.5)):
        message = (
            f"the statistic {given} does not tell how bad {display(str(metric.name))} is: use {' or '.join(statistics)}"
        )
        yield Hit(message, path=(*metric.path, "Statistic") if alarm.is_plain else metric.path)


def _computed(alarm: Alarm, limits: Mapping[str, Any]) -> Hits:
    rest, most = math.at_rest(alarm), limits["aws_faults_at_most"]
    if rest is not None and alarm.fires_at(rest):
        yield Hit("the alarm always fires: also when nothing that it counts happens", path=_THRESHOLD)
    elif alarm.operator in LESS:
        yield Hit("the alarm fires while there are no faults: it has to watch for a rise", path=_OPERATOR)
    elif not any(math.fires(alarm, metric, most) for metric in alarm.metrics):
        yield Hit(f"the alarm does not fire at {most:g} of what it counts", path=_THRESHOLD)
    else:
        for metric in alarm.metrics:
            yield from _statistic(alarm, metric, ("Sum",) if _is_counted(metric) else ())
        if all(_is_counted(metric) for metric in alarm.metrics):
            yield from _delay(alarm, alarm.metrics[0], limits)


def _is_counted(metric: Metric) -> bool:
    known = table.known(str(metric.namespace), str(metric.name))
    return known is not None and known.counted


def _reach(alarm: Alarm, metric: Metric, at_most: float) -> Hits:
    """Whether the alarm fires at what is bad for sure."""
    if not alarm.fires_at(at_most):
        message = (
            f"the alarm waits for {alarm.threshold:g} of {display(str(metric.name))}, and {at_most:g} are too many"
        )
        yield Hit(message, path=_THRESHOLD)


def _delay(alarm: Alarm, metric: Metric, limits: Mapping[str, Any]) -> Hits:
    bad, most, seconds = points(alarm), limits["bad_periods_at_most"], limits["seconds_at_most"]
    place = ("Properties", "DatapointsToAlarm" if alarm.get("DatapointsToAlarm") is not None else "EvaluationPeriods")
    if bad > most:
        message = f"the alarm fires only after {bad} bad periods: set DatapointsToAlarm to at most {most}"
        yield Hit(message, path=place)
    elif isinstance(metric.period, int) and bad * metric.period > seconds:
        message = f"the alarm fires {bad * metric.period} s after the fault, which is over {seconds} s"
        yield Hit(message, path=place)
