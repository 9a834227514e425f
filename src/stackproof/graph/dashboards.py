"""Dashboards: their widgets, and the metrics that these show, out of the JSON text of `DashboardBody`.

Source: CloudWatch, Dashboard body structure and syntax.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.alarms.model import Metric
from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Path, Resource

DASHBOARD = "AWS::CloudWatch::Dashboard"
BODY: Path = ("Properties", "DashboardBody")
_PERIOD = 300


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A widget: its number, type and properties, and the mapping that it is as a whole."""

    number: int
    type: str
    properties: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """For messages: its title, or its number."""
        title = self.properties.get("title")
        return f"the widget {title!r}" if isinstance(title, str) and title else f"widget {self.number}"


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard. `fault` says why its body can't be read."""

    resource: Resource
    widgets: tuple[Widget, ...] = ()
    metrics: tuple[tuple[Widget, Metric], ...] = ()
    fault: str = ""


def dashboard(graph: Graph, resource: Resource) -> Dashboard:
    """A dashboard out of its resource, read once.

    Raises: UnknownValueError when its body is not known.
    """
    key = ("dashboard", resource.logical_id)
    if key not in graph.cache:
        graph.cache[key] = _read(resource)
    found: Dashboard = graph.cache[key]
    return found


def dashboards(graph: Graph) -> Iterator[Dashboard]:
    """All dashboards of the template."""
    return (dashboard(graph, resource) for resource in graph.of_type(DASHBOARD))


def _read(resource: Resource) -> Dashboard:
    body = known(resource.properties.get("DashboardBody"))
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as error:
            return Dashboard(resource=resource, fault=f"its body is no JSON: {error}")
    widgets = body.get("widgets") if isinstance(body, Mapping) else None
    if not isinstance(widgets, list):
        return Dashboard(resource=resource, fault="its body has no list of widgets")
    found = tuple(_widget(number, item) for number, item in enumerate(widgets, 1) if isinstance(item, Mapping))
    if len(found) < len(widgets):
        return Dashboard(resource=resource, fault="not all of its widgets are mappings")
    shown = tuple((widget, metric) for widget in found if widget.type == "metric" for metric in _metrics(widget))
    return Dashboard(resource=resource, widgets=found, metrics=shown)


def _widget(number: int, item: Mapping[str, Any]) -> Widget:
    properties = item.get("properties")
    return Widget(
        number=number,
        type=str(item.get("type")),
        properties=properties if isinstance(properties, Mapping) else {},
        body=item,
    )


def rows(widget: Widget) -> Iterator[tuple[list[Any], Mapping[str, Any]]]:
    """The rows of a metric widget, with the short forms written out (`.` is what stands above, `...` all of it), each
    with its options; a row that is no list gives an empty one."""
    above: list[Any] = []
    given = widget.properties.get("metrics")
    for row in given if isinstance(given, list) else ():
        if not isinstance(row, list):
            yield [], {}
            continue
        options = row[-1] if row and isinstance(row[-1], Mapping) else {}
        cells = row[:-1] if options or (row and isinstance(row[-1], Mapping)) else list(row)
        cells = _written_out(cells, above)
        above = cells or above
        yield cells, options


def _written_out(cells: list[Any], above: list[Any]) -> list[Any]:
    if "..." in cells:
        rest = len(cells) - 1
        cells = [*above[: max(len(above) - rest, 0)], *(cell for cell in cells if cell != "...")]
    return [above[i] if cell == "." and i < len(above) else cell for i, cell in enumerate(cells)]


def _metrics(widget: Widget) -> Iterator[Metric]:
    for cells, options in rows(widget):
        if cells and not (len(cells) % 2 == 0 and all(isinstance(cell, str) for cell in cells)):
            yield Metric(namespace=cells[0], name=cells[1] if len(cells) > 1 else None, dimensions=None, path=BODY)
        elif cells or "expression" not in options:
            yield Metric(
                namespace=cells[0] if cells else None,
                name=cells[1] if cells else None,
                dimensions=dict(zip(cells[2::2], cells[3::2], strict=True)),
                statistic=options.get("stat", widget.properties.get("stat", "Average")),
                period=options.get("period", widget.properties.get("period", _PERIOD)),
                id=options.get("id"),
                path=BODY,
            )
