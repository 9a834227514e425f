"""Resources and the references between them, joined on logical ids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stackproof.template.model import Path, Resource, Template
from stackproof.template.references import has_token, inside, target


@dataclass(frozen=True, kw_only=True)
class Edge:
    """`source` refers to `target` (by Ref when `attribute` is None, else by GetAtt) at `path` below the source."""

    source: str
    path: Path
    target: str
    attribute: str | None


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A resolved template as a graph. Everything is keyed by logical id."""

    template: Template
    cache: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What parts of the engine have worked out of this graph once (`graph.iam` and others), by a key of their own."""

    @property
    def resources(self) -> Mapping[str, Resource]:
        """All resources, in the order of the template."""
        return self.template.resources

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        for kind in types:
            yield from self.by_type.get(kind, ())

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        """The resources of each type."""
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.type, []).append(resource)
        return {kind: tuple(resources) for kind, resources in found.items()}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every reference of a resource to another, properties only (DependsOn orders, it refers to nothing)."""
        return tuple(edge for resource in self.resources.values() for edge in _edges(resource))

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        """The references to each resource."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def valued(self, edge: Edge) -> Any:
        """The value in which an edge's reference stands."""
        value: Any = self.resources[edge.source].properties
        for step in edge.path[1:]:
            value = value[step]
        return value

    def referrers(self, logical_id: str, *types: str) -> Iterator[Resource]:
        """The resources (of these types, any without) that refer to a resource, each once."""
        names = dict.fromkeys(edge.source for edge in self.incoming.get(logical_id, ()))
        return (self.resources[name] for name in names if not types or self.resources[name].type in types)

    def referred(self, value: Any, *types: str) -> Resource | None:
        """The resource (of one of these types, any without) that a value refers to as a whole (Ref or GetAtt), or names
        by a literal name that the resource declares."""
        name = target(value)
        found = self.resources.get(name) if name else self.named.get(value) if isinstance(value, str) else None
        return found if found is not None and (not types or found.type in types) else None

    @cached_property
    def named(self) -> Mapping[str, Resource]:
        """Resources by their own explicit name (the property that the schema calls the primary identifier's name):
        `JobQueueName`, `FunctionName`, `BucketName`..."""
        found: dict[str, Resource] = {}
        for resource in self.resources.values():
            kind = resource.type.rsplit("::", 1)[-1]
            for key in (f"{kind}Name", "Name"):
                name = resource.properties.get(key)
                if isinstance(name, str):
                    found.setdefault(name, resource)
        return found


def _edges(resource: Resource) -> list[Edge]:
    found: list[Edge] = []

    def walk(value: Any, path: Path) -> None:
        if isinstance(value, str):
            if has_token(value):
                found.extend(
                    Edge(source=resource.logical_id, path=path, target=one.target, attribute=one.attribute)
                    for one in inside(value)
                    if not one.is_pseudo
                )
        elif isinstance(value, dict):
            for name, item in value.items():
                walk(item, (*path, name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, (*path, index))

    walk(resource.properties, ("Properties",))
    return found
