"""Metrics of the user's own: what their names, the template's functions and its filters tell about them.

Whether a metric is emitted only the code tells; but its namespace and its default dimension stand in the environment of
the functions that emit it, and each use of them has to agree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.alarms import table
from stackproof.graph.alarms.model import Metric
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown

NAMESPACE_KEY = re.compile(r"(metric|cloudwatch|emf).*namespace|namespace.*metric", re.IGNORECASE)
_POWERTOOLS, _SERVICE = "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"
_AGENTS = frozenset({"CWAgent", "LambdaInsights", "ContainerInsights", "System/Linux", "System/Windows", "Glue", "WAF"})
"""Namespaces that agents and services of AWS fill, outside of AWS/: nothing in a template names them."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the name of an own metric that is bad when it rises says: the highest sensible threshold, and the statistics
    that show it (p90: that percentile, or a higher one)."""

    at_most: float
    statistics: tuple[str, ...]


def kind(metric: Metric, limits: Mapping[str, Any]) -> Kind | None:
    """What the policy (`alarms.own_metrics` of the thresholds) says of a metric's name, None for nothing, and for
    metrics of AWS."""
    if table.is_aws(str(metric.namespace)):
        return None
    for entry in dict(limits.get("own_metrics") or {}).values():
        if re.search(entry["metric_names"], str(metric.name)):
            return Kind(at_most=float(entry["at_most"]), statistics=tuple(entry["statistics"]))
    return None


def environment(resource: Resource) -> dict[str, Any]:
    """The environment variables of a function or container that are known texts."""
    block = resource.properties.get("Environment")
    variables = block.get("Variables") if isinstance(block, Mapping) else None
    return {name: value for name, value in _pairs(variables) if isinstance(value, str)}


def _pairs(variables: Any) -> list[tuple[str, Any]]:
    """Of a mapping, or of a list of {Name, Value}."""
    if isinstance(variables, Mapping):
        return list(variables.items())
    items = variables if isinstance(variables, list) else []
    return [
        (str(i["Name"]), i.get("Value")) for i in items if isinstance(i, Mapping) and isinstance(i.get("Name"), str)
    ]


def environments(graph: Graph) -> list[dict[str, Any]]:
    """The environments of all functions and containers of the template."""
    if "own environments" not in graph.cache:
        functions = [environment(item) for item in graph.of_type("AWS::Lambda::Function", "AWS::Serverless::Function")]
        holders = graph.of_type("AWS::Batch::JobDefinition", "AWS::ECS::TaskDefinition")
        graph.cache["own environments"] = [*functions, *(e for item in holders for e in _containers(item))]
    found: list[dict[str, Any]] = graph.cache["own environments"]
    return found


def _containers(resource: Resource) -> Iterator[dict[str, Any]]:
    definitions = resource.properties.get("ContainerDefinitions")
    blocks = definitions if isinstance(definitions, list) else [resource.properties.get("ContainerProperties")]
    for block in blocks:
        if isinstance(block, Mapping):
            yield {name: value for name, value in _pairs(block.get("Environment")) if isinstance(value, str)}


def declared(graph: Graph) -> frozenset[str]:
    """The namespaces that the template says are emitted into: by a variable that is called so, or by a metric
    filter."""
    if "own namespaces" not in graph.cache:
        named = {v for e in environments(graph) for name, v in e.items() if NAMESPACE_KEY.search(name)}
        graph.cache["own namespaces"] = frozenset(named | {space for space, _ in filtered(graph)})
    found: frozenset[str] = graph.cache["own namespaces"]
    return found


def filtered(graph: Graph) -> Iterator[tuple[str, str]]:
    """Namespace and name of the metrics that metric filters make."""
    for resource in graph.of_type("AWS::Logs::MetricFilter"):
        transformations = resource.properties.get("MetricTransformations")
        for item in transformations if isinstance(transformations, list) else ():
            if isinstance(item, Mapping):
                space, name = item.get("MetricNamespace"), item.get("MetricName")
                if isinstance(space, str) and isinstance(name, str):
                    yield space, name


def namespace_fault(graph: Graph, metric: Metric, uses: Mapping[str, int]) -> str | None:
    """Why nobody emits into the namespace of a metric, as far as the template tells; `uses` says how many metrics of
    the template's alarms and dashboards are in each namespace."""
    space, known = str(metric.namespace), declared(graph)
    if not known or space in known or space in _AGENTS or any(isinstance(item, Unknown) for item in known):
        return None
    return None if uses.get(space, 0) > 2 else f"nothing of this template emits into {space!r}"


def service_fault(graph: Graph, metric: Metric) -> str | None:
    """Why the dimension `service`, which Powertools gives to each metric, is not as the functions of its namespace set
    it."""
    emitters = [e for e in environments(graph) if e.get(_POWERTOOLS) == metric.namespace]
    if not emitters or (str(metric.namespace), metric.name) in set(filtered(graph)):
        return None
    services = {e.get(_SERVICE, "service_undefined") for e in emitters}
    given = dict(metric.dimensions or {})
    if "service" not in given:
        return "Powertools emits its metrics with the dimension service, which is missing"
    return None if given["service"] in services else "no function that emits it has this service name"
