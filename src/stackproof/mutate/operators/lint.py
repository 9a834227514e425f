"""Faults of form, which cfn-lint finds: values of the wrong type, properties that do not exist."""

from collections.abc import Callable, Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target
from stackproof.template.model import Resource

_LINT = "lint-template"


def _once(target: Target, wanted: Callable[[Place], bool]) -> Iterator[Place]:
    """The places, one for each property of a type (the schema that judges them is one), over the resources in turn."""
    found: dict[Any, list[Place]] = {}
    for resource in target.resources.values():
        for place in target.places(resource):
            below_tags = len(place.path) > 1 and "Tags" in place.path
            if not below_tags and place.schema and wanted(place):
                key = (resource.type, tuple("*" if isinstance(step, int) else step for step in place.path))
                found.setdefault(key, []).append(place)
    for number, places in enumerate(found.values()):
        yield places[number % len(places)]


def _kinds(place: Place) -> set[str]:
    kind = place.schema.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind)


def _expected(target: Target, place: Place) -> tuple[str, ...]:
    spoken = target.speaks.of(place.resource.type, place.path)
    return (_LINT, *(spoken.controls if spoken else ()))


@operator("wrong-type")
def wrong_type(target: Target) -> Iterator[Mutant]:
    """A property has a value of the wrong type."""
    # What stands there as a text already (local code before packaging) is taken as one.
    for place in _once(target, lambda p: bool(_kinds(p) - {"string"}) and not isinstance(p.value, str)):
        if "string" not in _kinds(place):
            yield target.replace(place, "nonsense", _expected(target, place))
    for place in _once(target, lambda p: _kinds(p) == {"string"}):
        yield target.replace(place, {"Nonsense": ["x"]}, _expected(target, place))


@operator("misspell-property")
def misspell_property(target: Target) -> Iterator[Mutant]:
    """The name of a property is misspelt."""
    for place in _once(target, lambda p: isinstance(p.path[-1], str) and _named(target, p)):
        name = str(place.path[-1])
        wrong = f"{name[:-2]}{name[-1]}{name[-2]}" if name[-1] != name[-2] else f"{name}s"
        data = tree.renamed(target.data, place.slot, wrong)
        yield target.change(
            place.slot, data, f"{name} is written {wrong}", _expected(target, place), before=name, after=wrong
        )


@operator("misspell-type")
def misspell_type(target: Target) -> Iterator[Mutant]:
    """The type of a resource is misspelt."""
    seen: set[str] = set()
    for resource in _typed(target):
        if resource.type not in seen:
            seen.add(resource.type)
            path = (*target.body(resource), "Type")
            data = tree.replaced(target.data, path, f"{resource.type}s")
            what = f"the type is {resource.type}s"
            yield target.change(path, data, what, (_LINT,), before=resource.type, after=f"{resource.type}s")


@operator("dangling-reference")
def dangling_reference(target: Target) -> Iterator[Mutant]:
    """A reference leads to a resource that does not exist."""
    for place in _once(target, lambda p: isinstance(tree.at(target.data, p.origin), dict)):
        raw = tree.at(target.data, place.origin)
        if set(raw) == {"Ref"}:
            yield target.replace(place, {"Ref": "NoSuchThing"}, (_LINT, "lint-decidable"))
        elif set(raw) == {"Fn::GetAtt"}:
            yield target.replace(place, {"Fn::GetAtt": ["NoSuchThing", "Arn"]}, (_LINT, "lint-decidable"))


def _typed(target: Target) -> Iterator[Resource]:
    return (resource for resource in target.resources.values() if resource.type.startswith("AWS::"))


def _named(target: Target, place: Place) -> bool:
    """Whether the schema knows the names at this place: below it nothing else may stand."""
    from stackproof.template import schemas

    around = schemas.node(place.resource.type, place.path[:-1])
    return place.path[-1] in around.get("properties", {}) and around.get("additionalProperties") is False
