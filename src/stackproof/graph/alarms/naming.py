"""Which resource a dimension's value names: `!Ref Function`, `!GetAtt Queue.QueueName`, or a name that is spelled
out."""

from dataclasses import dataclass
from typing import Any

from stackproof.graph.alarms import table
from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Resource, Unknown
from stackproof.template.references import display, inside, whole


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What a value names: `resource`, or `fault` says why it names none, or neither: nothing of this template."""

    resource: Resource | None = None
    fault: str = ""


def named(graph: Graph, namespace: str, dimension: str, value: Any) -> Naming:
    """The resource that a dimension's value names.

    Raises: UnknownValueError when the value is not known.
    """
    if not isinstance(known(value), str) or not value:
        return Naming(fault="it is empty" if value in ("", None) else "it is no text")
    ways = table.naming(namespace, dimension)
    value = value.split(":")[0] if dimension == "Resource" else value
    key = ("named", namespace, dimension, value)
    if key not in graph.cache:
        graph.cache[key] = _named(graph, ways, value)
    found: Naming = graph.cache[key]
    return found


def _named(graph: Graph, ways: tuple[table.Name, ...], value: str) -> Naming:
    for way in ways:
        for resource in graph.of_type(way.type):
            if way.property and _spelled(resource, way.property, value):
                return Naming(resource=resource)
    reference = whole(value)
    if reference is None or reference.is_pseudo:
        foreign = [r for r in inside(value) if not r.is_pseudo]
        return Naming(fault=f"{display(value)} is no name of a resource") if foreign else Naming()
    found = graph.resources.get(reference.target)
    if found is None:
        return Naming(fault=f"{display(value)} refers to nothing")
    way_ = next((way for way in ways if way.type == found.type), None)
    if way_ is None:
        return Naming(fault=f"{display(value)} is of the type {found.type}")
    if reference.attribute not in way_.by:
        return Naming(fault=f"{display(value)} is not its name")
    if way_.unless and reference.attribute is None and found.properties.get(way_.unless) not in (None, "default"):
        return Naming(fault=f"{display(value)} has the bus in it, the dimension is the name alone")
    return Naming(resource=found)


def _spelled(resource: Resource, name: str, value: str) -> bool:
    declared = resource.properties.get(name)
    return not isinstance(declared, Unknown) and bool(declared == value)
