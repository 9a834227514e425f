"""Metric math of alarms: what an expression names, and whether it fires when a metric of its own rises."""

import re
from collections.abc import Mapping
from functools import lru_cache

from stackproof.graph.alarms import table
from stackproof.graph.alarms.expressions import ExpressionError, Node, Series, evaluate, names, parse
from stackproof.graph.alarms.model import ID, Alarm, Metric
from stackproof.template.model import Unknown, UnknownValueError

_QUERY = re.compile(r"\s*(SELECT|SEARCH)\b", re.IGNORECASE)
_FROM = re.compile(
    r'\s*SELECT\s+(?P<stat>\w+)\(\s*"?(?P<name>[\w.\-%]+)"?\s*\)\s+FROM\s+'
    r'(?:SCHEMA\(\s*"?(?P<schema>[^",)]+)"?\s*(?:,[^)]*)?\)|"(?P<space>[^"]+)")(?P<rest>.*)',
    re.IGNORECASE | re.DOTALL,
)
_LOOSE = re.compile(r"(?<![\w.])([a-z]\w*)(?!\w*\()")


def is_query(text: str) -> bool:
    """Whether an expression is a query over many metrics (Metrics Insights, SEARCH)."""
    return bool(_QUERY.match(text))


def band(text: str) -> bool:
    """Whether an expression is an anomaly detection band."""
    return text.strip().startswith("ANOMALY_DETECTION_BAND")


def query(text: str) -> tuple[str, str, str] | None:
    """Namespace, metric and the rest (WHERE, GROUP BY) of a Metrics Insights query, None for one that can't be read."""
    found = _FROM.fullmatch(text)
    if found is None:
        return None
    return (found["schema"] or found["space"]).strip(), found["name"], found["rest"].strip()


def named_ids(text: str) -> set[str]:
    """The ids that an expression names; for one that is not understood, the words that look like ids."""
    try:
        return {name for name in names(_parsed(text)) if name != "REPEAT"}
    except UnknownValueError:
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
        return {word for word in _LOOSE.findall(bare) if ID.fullmatch(word)}


def fires(alarm: Alarm, rising: Metric, value: float) -> bool:
    """Whether the alarm fires when this metric is `value`, while the others are 0, or as much (shares); and because of
    it.

    Raises: UnknownValueError when an expression is not understood.
    """
    if alarm.is_plain or alarm.returned == rising.id:
        return alarm.fires_at(value)
    return any(
        _fires(alarm, rising, value, others) and (value == 0 or not _fires(alarm, rising, 0.0, others))
        for others in (0.0, value)
    )


def _fires(alarm: Alarm, rising: Metric, value: float, others: float) -> bool:
    result = _result(alarm, rising, value, others)
    return result is not None and alarm.fires_at(result)


def at_rest(alarm: Alarm) -> float | None:
    """What the alarm is held against while all of its metrics are 0, None for nothing."""
    return _result(alarm, None, 0.0, 0.0)


def fills(alarm: Alarm) -> bool:
    """Whether the expression makes a number of data points that are missing, so that the alarm can end."""
    return _result(alarm, None, None, None) is not None


def _result(alarm: Alarm, rising: Metric | None, value: float | None, others: float | None) -> float | None:
    rest = {m.id: None if rising is not None and _comes_alone(m) else others for m in alarm.metrics if m.id}
    series: dict[str, Series] = {m.id: [value if m is rising else rest[m.id]] for m in alarm.metrics if m.id}
    nodes = {e.id: _parsed(str(e.text)) for e in alarm.expressions if e.id}
    found = dict(series)
    return _evaluated(nodes, found, series, alarm.returned or "", ())[0]


def _comes_alone(metric: Metric) -> bool:
    """Whether a metric is missing, and not 0, while others happen."""
    known = table.known(str(metric.namespace), str(metric.name))
    return known is not None and known.is_fault and known.alone


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Node:
    try:
        return parse(text)
    except ExpressionError:
        raise UnknownValueError(Unknown(reason=f"what the expression {text!r} gives")) from None


def _evaluated(
    nodes: Mapping[str, Node],
    found: dict[str, Series],
    metrics: Mapping[str, Series],
    name: str,
    above: tuple[str, ...],
) -> Series:
    if name in found:
        return found[name]
    if name not in nodes or name in above:
        return [None]
    for other in names(nodes[name]) - {"REPEAT"}:
        found[other] = _evaluated(nodes, found, metrics, other, (*above, name))
    try:
        return evaluate(nodes[name], found, metrics, 1)
    except ExpressionError as error:
        raise UnknownValueError(Unknown(reason=str(error))) from None
