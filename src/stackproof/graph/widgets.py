"""Whether the widgets of a dashboard show anything: their place, and what their type demands."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from stackproof.graph.alarms.math import is_query, named_ids
from stackproof.graph.alarms.model import ALARM, COMPOSITE
from stackproof.graph.dashboards import BODY, Dashboard, Widget, dashboard, rows
from stackproof.graph.graph import Graph
from stackproof.rules import Hit, Hits
from stackproof.template.model import Resource
from stackproof.template.references import display, inside, whole

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_NEARLY_ALL = 0.9
_WIDTH, _HEIGHT = 24, 1000  # the grid is 24 units wide


def faults(graph: Graph, shown: Dashboard) -> Hits:
    """What is wrong with the widgets, but for the alarms that they name."""
    for widget in shown.widgets:
        for why in (*_place(widget), *_CHECKS.get(widget.type, _stray)(graph, widget)):
            yield Hit(f"{widget.name} {why}", path=BODY)
        if other := next(
            (item for item in shown.widgets if item.number < widget.number and _overlap(item, widget)), None
        ):
            yield Hit(f"{widget.name} lies over {other.name}", path=BODY)
        if widget.type != "alarm":
            for name in _missing(graph, widget.body):
                yield Hit(f"{widget.name} refers to {name}, which is no resource of the template", path=BODY)


def has_alarms(resource: Resource, graph: Graph) -> bool:
    """Whether a dashboard has a widget of alarms."""
    return any(widget.type == "alarm" for widget in dashboard(graph, resource).widgets)


def alarm_faults(graph: Graph, shown: Dashboard) -> Hits:
    """What is wrong with the alarms that widgets name."""
    for widget in (widget for widget in shown.widgets if widget.type == "alarm"):
        for why in _alarms(graph, widget):
            yield Hit(f"{widget.name} {why}", path=BODY)
        for name in _missing(graph, widget.body):
            yield Hit(f"{widget.name} names {name}, and the template has no such alarm", path=BODY)
        for name in _left_out(graph, widget):
            yield Hit(f"{widget.name} shows nearly all alarms of the template, and not {name}", path=BODY)


def _left_out(graph: Graph, widget: Widget) -> list[str]:
    """The alarms that a widget leaves out which shows nearly all others: it is meant to show all."""
    alarms = [alarm.logical_id for alarm in graph.of_type(ALARM)]
    named = {reference.target for reference in inside(widget.properties.get("alarms"))}
    left_out = [name for name in alarms if name not in named]
    return left_out if len(alarms) >= 10 and len(left_out) <= (1 - _NEARLY_ALL) * len(alarms) else []


def _missing(graph: Graph, body: Any) -> list[str]:
    """What a widget refers to that is not in the template."""
    return sorted({r.target for r in inside(body) if not r.is_pseudo and r.target not in graph.resources})


def _place(widget: Widget) -> list[str]:
    x, y, width, height = (widget.body.get(name) for name in ("x", "y", "width", "height"))
    if not (_is_size(width, 1, _WIDTH) and _is_size(height, 1, _HEIGHT)):
        return [f"has a size that is none: {width!r} by {height!r}"]
    if not (_is_size(x, 0, _WIDTH - 1) and _is_size(y, 0, 10**6)):
        return [f"has a place that is none: {x!r}, {y!r}"]
    if (x is None) is not (y is None):
        return ["has one of x and y, and needs both or none"]
    if widget.type == "metric" and min(width or 6, height or 6) < 2:
        return ["is too small to show anything"]
    return ["reaches beyond the grid of 24"] if (x or 0) + (width or 6) > _WIDTH else []


def _overlap(one: Widget, other: Widget) -> bool:
    """Whether two widgets that have a place lie over each other; one without is put where there is room."""
    spans = [
        _span(one, "x", "width"),
        _span(other, "x", "width"),
        _span(one, "y", "height"),
        _span(other, "y", "height"),
    ]
    if any(span is None for span in spans):
        return False
    left, right, above, below = (span or (0, 0) for span in spans)
    return left[0] < right[1] and right[0] < left[1] and above[0] < below[1] and below[0] < above[1]


def _span(widget: Widget, start: str, length: str) -> tuple[int, int] | None:
    first, size = widget.body.get(start), widget.body.get(length, 6)
    return (first, first + size) if isinstance(first, int) and isinstance(size, int) else None


def _is_size(value: Any, least: int, most: int) -> bool:
    """Whether a value is a size; one that is not given has a default."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most)


def _stray(graph: Graph, widget: Widget) -> list[str]:
    return [f"is of no type of widget: {widget.type!r}"]


def _text(graph: Graph, widget: Widget) -> list[str]:
    return [] if _is_text(widget.properties.get("markdown")) else ["has no text (markdown)"]


def _log(graph: Graph, widget: Widget) -> list[str]:
    query, region = widget.properties.get("query"), widget.properties.get("region")
    return [f"has no {name}" for name, value in (("query", query), ("region", region)) if not _is_text(value)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _alarms(graph: Graph, widget: Widget) -> list[str]:
    names = widget.properties.get("alarms")
    if not isinstance(names, list) or not names:
        return ["names no alarms"]
    return [why for name in names if (why := _alarm_fault(graph, name))]


def _alarm_fault(graph: Graph, name: Any) -> str:
    if not isinstance(name, str):
        return "has an alarm whose ARN is no text"
    reference = whole(name)
    inner = [r for r in inside(name) if not r.is_pseudo]
    if reference is None and ":alarm:" not in name:
        return f"has an alarm that is no ARN: {display(name)}"
    if reference is not None and reference.attribute != "Arn":
        return f"has an alarm that is no ARN: {display(name)}"
    wrong = [r for r in inner if (found := graph.resources.get(r.target)) and found.type not in (ALARM, COMPOSITE)]
    return f"names an alarm that is none: {display(name)}" if wrong else ""


def _metric(graph: Graph, widget: Widget) -> list[str]:
    found, properties = [], widget.properties
    if not _is_region(properties.get("region")):
        found.append("has no region, or one that is none")
    if properties.get("view", "timeSeries") not in _VIEWS:
        found.append(f"has a view that is none: {properties['view']!r}")
    given = list(rows(widget))
    if not given and not _annotated(properties):
        return [*found, "shows no metric"]
    if any(not cells and "expression" not in options for cells, options in given):
        found.append("has a row that is no metric")
    return [*found, *_expressions([options for _, options in given])]


def _is_region(value: Any) -> bool:
    reference = whole(value)
    if reference is not None:
        return reference.target == "AWS::Region"
    return isinstance(value, str) and bool(_REGION.fullmatch(value))


_VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")


def _annotated(properties: Mapping[str, Any]) -> bool:
    """Whether an alarm stands in place of metrics."""
    annotations = properties.get("annotations")
    return isinstance(annotations, Mapping) and bool(annotations.get("alarms"))


def _expressions(options: list[Mapping[str, Any]]) -> list[str]:
    ids = {item["id"] for item in options if isinstance(item.get("id"), str)}
    texts = [item["expression"] for item in options if "expression" in item]
    if any(not _is_text(text) for text in texts):
        return ["has an expression that is no text"]
    return [
        f"has an expression that names {name}, which is no metric of it"
        for text in texts
        if not is_query(text) and "SEARCH" not in text
        for name in sorted(named_ids(text) - ids)
    ]


def _free(graph: Graph, widget: Widget) -> list[str]:
    return [] if widget.properties else ["has no properties"]


_CHECKS: Mapping[str, Callable[[Graph, Widget], list[str]]] = {
    "metric": _metric,
    "text": _text,
    "log": _log,
    "alarm": _free,
    "explorer": _free,
    "custom": _free,
}
