"""Whether a metric exists: its name, its dimensions and what they name, its statistic and its period."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.alarms import own, table
from stackproof.graph.alarms.model import SIMPLE, Metric
from stackproof.graph.alarms.naming import named
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, known
from stackproof.rules import Hit, Hits
from stackproof.template.model import Path
from stackproof.template.references import display, target, whole

_EXTENDED = re.compile(
    r"p(100|\d{1,2}(\.\d+)?)|iqm|(tm|wm|tc|ts)\d{1,2}(\.\d+)?|(pr|tm|wm|tc|ts)\([\d.%]*:[\d.%]*\)", re.I
)
# The units of metrics that rules ask for (each service's page); with another one an alarm sees no data at all.
_UNITS = {
    ("AWS/Lambda", "Duration"): "Milliseconds",
    ("AWS/Lambda", "IteratorAge"): "Milliseconds",
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): "Seconds",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "Count",
}
_DAY = 86400
_INDEX = "GlobalSecondaryIndexName"


def faults(graph: Graph, metric: Metric, uses: Mapping[str, int]) -> Hits:
    """What is wrong with a metric; `uses`: how many metrics the template's alarms and dashboards have in a
    namespace."""
    namespace, name = known(metric.namespace), known(metric.name)
    if not (isinstance(namespace, str) and namespace and not namespace.startswith(":")):
        yield Hit("the metric has no namespace", path=metric.path)
        return
    if not (isinstance(name, str) and name):
        yield Hit("the metric has no name", path=metric.path)
        return
    if metric.dimensions is None:
        yield Hit("its dimensions are no list of one Name and Value each", path=(*metric.path, "Dimensions"))
        return
    if table.is_aws(str(namespace)):
        yield from _published(graph, metric)
    else:
        yield from _own(graph, metric, uses)
    yield from _statistic(metric)
    yield from _period(metric)
    yield from _unit(metric)
    yield from _account(graph, metric)


def _own(graph: Graph, metric: Metric, uses: Mapping[str, int]) -> Hits:
    """A metric of the user's own: whether it is emitted only the code tells, but it has to be well-formed."""
    folded = str(metric.namespace).casefold()
    if folded.startswith(("aws/", "aws-", "aws:")):
        yield Hit(f"the namespace {metric.namespace!r} is no namespace of AWS, and is reserved", path=metric.path)
    for name, value in _items(metric):
        if value in ("", None) or isinstance(value, Mapping | list):
            yield Hit(f"the dimension {name} has no value", path=(*metric.path, "Dimensions"))
            return
    if fault := own.namespace_fault(graph, metric, uses):
        yield Hit(display(fault), path=(*metric.path, "Namespace"))
    elif fault := own.service_fault(graph, metric):
        yield Hit(display(fault), path=(*metric.path, "Dimensions"))


def _items(metric: Metric) -> list[tuple[str, Any]]:
    """The dimensions. Raises: UnknownValueError when they are not known."""
    return list(dict(metric.dimensions or {}).items())  # an Unknown raises at the `or`


def _published(graph: Graph, metric: Metric) -> Hits:
    namespace, name = str(metric.namespace), str(metric.name)
    if not table.is_listed(namespace):
        message = f"{namespace} is not in our table of AWS's metrics: whether {name} exists is not known"
        yield Hit(message, path=metric.path, outcome=Outcome.UNKNOWN)
        return
    published = table.known(namespace, name)
    if published is None:
        yield Hit(f"{namespace} publishes no metric {name}{_hint(namespace, name)}", path=(*metric.path, "MetricName"))
        return
    given = frozenset(key for key, _ in _items(metric))
    if given not in published.dimensions:
        sets = " or ".join(sorted("+".join(sorted(names)) or "none" for names in published.dimensions))
        found = "+".join(sorted(given)) or "none"
        message = f"{namespace} {name} is not published with the dimensions {found}, but with {sets}"
        yield Hit(message, path=(*metric.path, "Dimensions"))
        return
    if not given and published.kind is not table.Kind.GAUGE and _names_some(graph, namespace, published):
        message = (
            f"without dimensions {namespace} {name} counts for the whole account, not for what is in this template"
        )
        yield Hit(message, path=metric.path)
    for index, (dimension, value) in enumerate(_items(metric)):
        path: Path = (*metric.path, "Dimensions", index, "Value")
        yield from _value(graph, metric, dimension, value, path)


def _names_some(graph: Graph, namespace: str, published: table.Known) -> bool:
    """Whether the template has a resource that one of the metric's dimensions names."""
    return any(_has_some(graph, namespace, name) for names in published.dimensions for name in names)


def _has_some(graph: Graph, namespace: str, dimension: str) -> bool:
    """Whether the template has a resource of the types that a dimension names."""
    return any(graph.by_type.get(way.type) for way in table.naming(namespace, dimension))


def _hint(namespace: str, name: str) -> str:
    close = get_close_matches(name, table.names(namespace), n=1, cutoff=0.8)
    return f" (there is {close[0]})" if close else ""


def _value(graph: Graph, metric: Metric, dimension: str, value: Any, path: Path) -> Hits:
    namespace = str(metric.namespace)
    allowed = table.values(namespace, dimension)
    if allowed is not None:
        if not isinstance(value, str) or value not in allowed:
            yield Hit(f"{display(str(value))} is no {dimension} of {namespace}", path=path)
    elif dimension == _INDEX:
        yield from _index(graph, metric, value, path)
    elif table.naming(namespace, dimension):
        found = named(graph, namespace, dimension, value)
        if found.fault:
            yield Hit(f"the dimension {dimension} names no resource of {namespace}: {found.fault}", path=path)
        elif found.resource is None and _has_some(graph, namespace, dimension):
            message = (
                f"nothing in this template is called {display(str(value))}: whether {dimension} is right is not known"
            )
            yield Hit(message, path=path, outcome=Outcome.UNKNOWN)
    elif value in ("", None):
        yield Hit(f"the dimension {dimension} has no value", path=path)


def _index(graph: Graph, metric: Metric, value: Any, path: Path) -> Hits:
    owner = named(graph, "AWS/DynamoDB", "TableName", dict(metric.dimensions or {}).get("TableName")).resource
    if owner is not None and value not in index_names(owner.properties):
        yield Hit(f"the table {owner.logical_id} has no index {display(str(value))}", path=path)


def index_names(properties: Mapping[str, Any]) -> list[Any]:
    """The names of a table's global secondary indexes."""
    indexes = items(properties.get("GlobalSecondaryIndexes"))
    return [index.get("IndexName") for index in indexes if isinstance(known(index), Mapping)]


def _statistic(metric: Metric) -> Hits:
    value = metric.statistic
    if value is None:
        yield Hit("the metric has no statistic", path=metric.path)
        return
    text = str(value)
    if text not in SIMPLE and not _EXTENDED.fullmatch(text):
        yield Hit(f"{text!r} is no statistic", path=metric.path)
    published = table.known(str(metric.namespace), str(metric.name))
    hidden = published and published.is_fault and text in ("SampleCount", "Minimum")
    if hidden or (published and published.is_fault and published.counted and text not in ("Sum", "Average")):
        message = f"the statistic {text} of {metric.name} does not say whether something went wrong: use Sum"
        yield Hit(message, path=metric.path)


def _period(metric: Metric) -> Hits:
    period = metric.period
    if isinstance(period, bool) or not isinstance(period, int):
        yield Hit(f"the period is {'no number of seconds' if period else 'missing'}", path=metric.path)
        return
    if period not in (10, 20, 30) and (period <= 0 or period % 60):
        yield Hit(f"a period of {period} s is none of 10, 20, 30 or a multiple of 60", path=metric.path)
    elif period > _DAY:
        yield Hit(f"a period of {period} s is longer than a day", path=metric.path)
    published = table.known(str(metric.namespace), str(metric.name))
    if published and 0 < period < published.period:
        message = f"{metric.name} is published every {published.period} s, a period of {period} s is mostly empty"
        yield Hit(message, path=metric.path)


def _unit(metric: Metric) -> Hits:
    """A unit is a filter: data points in another one are left out, and what is left out never fires."""
    if metric.unit is None:
        return
    unit = str(metric.unit)
    published = table.known(str(metric.namespace), str(metric.name))
    expected = _UNITS.get((str(metric.namespace), str(metric.name)))
    counts = published is not None and published.is_fault
    if (expected and unit != expected) or (counts and not unit.startswith("Count") and unit != "None"):
        message = f"{metric.name} is not published in {unit}, so that the alarm gets no data: leave Unit out"
        yield Hit(message, path=metric.path)


def _account(graph: Graph, metric: Metric) -> Hits:
    """A metric of another account is another metric, though it has the same name."""
    account = metric.account
    if account is None or ((its := whole(account)) and its.target == "AWS::AccountId"):
        return
    named = next((value for _, value in _items(metric) if target(value) in graph.resources), None)
    if named is not None:
        message = f"the metric is one of the account {display(str(account))}, and {display(named)} is in this one"
        yield Hit(message, path=metric.path)
