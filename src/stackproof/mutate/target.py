"""What operators see: a template, where each of its resolved values stands in the original, and how to change it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stackproof.catalogue import Catalogue
from stackproof.findings.outcome import Area
from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.speaks import Speaks, Spoken
from stackproof.template import schemas
from stackproof.template.model import Path, Resource, Source, Template, Unknown
from stackproof.template.references import display, target

NOTHING = "nothing"
_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Place:
    """A value of a resource. `path` is below Properties, `value` resolved; `slot` is where the entry or item stands in
    the original (delete it there), `origin` where its value does (the branch of an `Fn::If`: replace it there)."""

    resource: Resource
    path: Path
    value: Any
    slot: Path
    origin: Path

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of the property, {} where there is none."""
        return schemas.node(self.resource.type, self.path)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A template under one environment. `parameters` are the environment's values."""

    source: Source
    template: Template
    parameters: Mapping[str, str]
    speaks: Speaks
    catalogue: Catalogue
    _places: dict[str, tuple[Place, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def data(self) -> Mapping[str, Any]:
        """The original template."""
        return self.source.data

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The resources that exist under this environment."""
        return self.template.resources

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return self.template.of_type(*types)

    def body(self, resource: Resource) -> Path:
        """Where a resource's declaration stands in the original."""
        return resource.origin("Properties")[:-1] if ("Properties",) in resource.origins else resource.origin()

    def places(self, resource: Resource) -> tuple[Place, ...]:
        """Every entry and item below a resource's properties that stands in the original, outermost first."""
        if resource.logical_id not in self._places:
            self._places[resource.logical_id] = tuple(self._walk(resource, resource.properties, ()))
        return self._places[resource.logical_id]

    def place(self, resource: Resource, *path: str | int) -> Place | None:
        """One of them."""
        return next((place for place in self.places(resource) if place.path == path), None)

    def spoken(self, resource: Resource) -> Iterator[tuple[Place, Spoken]]:
        """The places of a resource that a control speaks of."""
        for place in self.places(resource):
            spoken = self.speaks.of(resource.type, place.path)
            if spoken is not None and _applies(spoken, place):
                yield place, spoken

    def _walk(self, resource: Resource, value: Any, path: Path) -> Iterator[Place]:
        entries: Sequence[tuple[str | int, Any]] = ()
        if isinstance(value, Mapping):
            entries = list(value.items())
        elif isinstance(value, list):
            entries = list(enumerate(value))
        for step, item in entries:
            here = (*path, step)
            origin = resource.origin("Properties", *here)
            slot = origin
            while len(slot) > 1 and slot[-2] == "Fn::If":
                slot = slot[:-2]
            if tree.has(self.data, origin):
                yield Place(resource=resource, path=here, value=item, slot=slot, origin=origin)
                yield from self._walk(resource, item, here)

    @cached_property
    def stateful_types(self) -> frozenset[str]:
        """The types that hold what can't be made anew, from the thresholds."""
        return frozenset(self.catalogue.thresholds["recovery"]["stateful_types"])

    @cached_property
    def referrers(self) -> Mapping[str, frozenset[str]]:
        """For each logical id the resources whose original declaration names it, DependsOn included."""
        found: dict[str, set[str]] = {}
        for name, body in self.data["Resources"].items():
            for other in _named(body):
                found.setdefault(other, set()).add(name)
        return {name: frozenset(holders - {name}) for name, holders in found.items()}

    def area(self, controls: Sequence[str]) -> Area:
        """The area of the first of these controls."""
        return self.catalogue.control(controls[0]).area if controls else Area.LINT

    def change(
        self,
        path: Path,
        data: Mapping[str, Any],
        description: str,
        controls: Sequence[str],
        *,
        before: Any = NOTHING,
        after: Any = NOTHING,
        needs_record: str = "",
        area: Area | None = None,
    ) -> Mutant:
        """A mutant with this changed data."""
        return Mutant(
            path=path,
            description=description,
            area=area or self.area(controls),
            expected=tuple(dict.fromkeys(controls)),
            data=data,
            before=shown(before),
            after=shown(after),
            needs_record=needs_record,
        )

    def delete(self, place: Place, controls: Sequence[str], **more: Any) -> Mutant:
        """The place is gone."""
        return self.change(
            place.slot,
            tree.removed(self.data, place.slot),
            f"{_name(place)} is removed",
            controls,
            before=place.value,
            **more,
        )

    def replace(self, place: Place, value: Any, controls: Sequence[str], what: str = "", **more: Any) -> Mutant:
        """Another value (long form) stands at the place."""
        return self.change(
            place.origin,
            tree.replaced(self.data, place.origin, value),
            what or f"{_name(place)} is {shown(value)}",
            controls,
            before=place.value,
            after=value,
            **more,
        )


def _applies(spoken: Spoken, place: Place) -> bool:
    if spoken.when and not place.resource.get(*spoken.when):
        return False
    if spoken.unless is None:
        return True
    above, entry = spoken.unless
    around = place.resource.get(*place.path[: len(above)])
    return not (isinstance(around, Mapping) and entry in around)


def _name(place: Place) -> str:
    names = [str(step) for step in place.path if isinstance(step, str)]
    last = names[-1] if names else place.resource.logical_id
    return f"{last}, item {place.path[-1] + 1}," if isinstance(place.path[-1], int) else last


def _named(value: Any) -> Iterator[str]:
    """Everything that could be a name of a resource in an original value."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), _]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.split(".")[0]
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), dict()]}:
            yield from variables(text)
            if isinstance(value["Fn::Sub"], list):
                yield from _named(value["Fn::Sub"][1])
        case dict():
            depends = value.get("DependsOn")
            yield from [depends] if isinstance(depends, str) else depends if isinstance(depends, list) else ()
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)


def variables(text: str) -> Iterator[str]:
    """The names in an `Fn::Sub` text, attributes left out."""
    for part in text.split("${")[1:]:
        name = part.split("}")[0]
        if not name.startswith("!"):
            yield name.split(".")[0].strip()


def reference(value: Any) -> str | None:
    """The logical id that a resolved value refers to as a whole."""
    return target(value) if isinstance(value, str) else None


def shown(value: Any) -> str:
    """A value for people, on one short line."""
    if isinstance(value, Unknown):
        return value.text
    text = value if isinstance(value, str) else json.dumps(value, default=_plain, ensure_ascii=False)
    text = " ".join(display(text).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, Unknown) else dict(value) if isinstance(value, Mapping) else str(value)
