"""Faults in tags, on every resource of a type that takes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Place, Target
from stackproof.template import schemas
from stackproof.template.model import Resource

_CONTROLS = ("tagging-required",)


@operator("delete-tags")
def delete_tags(target: Target) -> Iterator[Mutant]:
    """All tags of a resource are removed."""
    for _, place in _tagged(target):
        yield target.delete(place, _CONTROLS)


@operator("delete-tag")
def delete_tag(target: Target) -> Iterator[Mutant]:
    """One required tag of a resource is removed."""
    for resource, place in _tagged(target):
        for _, entry, _ in _tags(target, resource, place):
            yield target.delete(entry, _CONTROLS)


@operator("empty-tag")
def empty_tag(target: Target) -> Iterator[Mutant]:
    """A required tag has an empty value; each resource has another one."""
    for number, (resource, place) in enumerate(_tagged(target)):
        tags = list(_tags(target, resource, place))
        if tags:
            _, _, value = tags[number % len(tags)]
            yield target.replace(value, "", _CONTROLS)


@operator("rename-tag")
def rename_tag(target: Target) -> Iterator[Mutant]:
    """A required tag has another key; each resource has another one."""
    for number, (resource, place) in enumerate(_tagged(target)):
        tags = list(_tags(target, resource, place))
        if not tags:
            continue
        key, entry, _ = tags[number % len(tags)]
        if isinstance(place.value, Mapping):
            data = tree.renamed(target.data, entry.slot, key.lower())
        else:
            data = tree.replaced(target.data, (*entry.origin, "Key"), key.lower())
        yield target.change(
            entry.slot, data, f"the tag {key} is {key.lower()}", _CONTROLS, before=key, after=key.lower()
        )


@operator("other-tag-value")
def other_tag_value(target: Target) -> Iterator[Mutant]:
    """A tag has a value that is not allowed."""
    required: Mapping[str, Any] = target.catalogue.thresholds["tagging"]["required"]
    for resource, place in _tagged(target):
        for key, _, value in _tags(target, resource, place):
            if required[key]:
                yield target.replace(value, "whatever", _CONTROLS)


def _tagged(target: Target) -> Iterator[tuple[Resource, Place]]:
    for resource in target.resources.values():
        name = schemas.tag_property(resource.type)
        place = target.place(resource, name) if name else None
        if place is not None and name != "TagSpecifications":
            yield resource, place


def _tags(target: Target, resource: Resource, place: Place) -> Iterator[tuple[str, Place, Place]]:
    """The required tags that are there: key, entry, value."""
    required = target.catalogue.thresholds["tagging"]["required"]
    if isinstance(place.value, Mapping):
        for key in place.value:
            if key in required and (entry := target.place(resource, *place.path, key)):
                yield key, entry, entry
        return
    for index, tag in enumerate(place.value if isinstance(place.value, list) else ()):
        key = tag.get("Key") if isinstance(tag, Mapping) else None
        entry = target.place(resource, *place.path, index)
        value = target.place(resource, *place.path, index, "Value")
        if key in required and entry is not None and value is not None:
            yield str(key), entry, value
