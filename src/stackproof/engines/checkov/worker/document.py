"""A rendered template as checkov's Runner would hand it to a check, and its values that are not known."""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = Any
NOTHING = object()
"""Stands in for an unknown value that is left out."""


class Document:
    """The resources of a template.

    Two things of the Runner's rendering remain to be done: Fn::GetAtt of an attribute that is a property of the same
    name, and that inside Fn::Sub; both become texts. Values that are not known become `Unknown`.
    """

    def __init__(self, resources: dict[str, Json], marker: str) -> None:
        self._resources = resources
        self._marker = marker
        self._node = importlib.import_module("checkov.common.parsers.node").DictNode
        self._entities: dict[str, Json] = {}
        self._unknowns: dict[str, dict[str, str]] = {}

    def entity(self, logical_id: str, notes: "Notes") -> Json:
        """The resource for a check. `notes` gets what the check does with values that are not known."""
        if self.unknown(logical_id):
            return self._build(logical_id, lambda text: Unknown(text, notes))
        if logical_id not in self._entities:
            self._entities[logical_id] = self._build(logical_id, str)
        return self._entities[logical_id]

    def supposed(self, logical_id: str, value: Any) -> Json:
        """The resource if its unknown values were all `value`, or were not there when that is `NOTHING`."""
        return self._build(logical_id, lambda _: value)

    def unknown(self, logical_id: str) -> dict[str, str]:
        """Where in the resource values are not known ("Properties/Tags/[0]/Value"), and how each is written."""
        if logical_id not in self._unknowns:
            self._unknowns[logical_id] = dict(self._find(self._parts(logical_id), ""))
        return self._unknowns[logical_id]

    def _parts(self, logical_id: str) -> Json:
        resource = self._resources[logical_id]
        properties = resource.get("Properties")
        parts = {"Type": resource["Type"], "Properties": {} if properties is None else properties}
        return {**parts, "Metadata": resource["Metadata"]} if resource.get("Metadata") else parts

    def _find(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, str) and value.startswith(self._marker):
            yield path, value
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from self._find(item, f"{path}/{key}" if path else key)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._find(item, f"{path}/[{index}]")

    def _build(self, logical_id: str, known: Callable[[str], Any]) -> Json:
        def build(value: Json) -> Any:
            if isinstance(value, str):
                return known(value) if value.startswith(self._marker) else value
            if isinstance(value, list):
                built = [build(item) for item in value if item is not None]
                return [item for item in built if item is not NOTHING]
            if not isinstance(value, dict):
                return value
            if (text := self._reference(value, logical_id)) is not None:
                return build(text)
            items = {key: build(item) for key, item in value.items() if item is not None}
            return self._node({key: item for key, item in items.items() if item is not NOTHING}, None, None)

        return build(self._parts(logical_id))

    def _reference(self, value: dict[str, Json], logical_id: str) -> str | None:
        if len(value) != 1:
            return None
        ((function, argument),) = value.items()
        if function == "Fn::GetAtt" and isinstance(argument, list) and len(argument) == 2:
            return self._property(argument[0], argument[1], logical_id)
        if function == "Fn::Sub" and isinstance(argument, str):

            def put(found: re.Match[str]) -> str:
                return self._property(found[1], found[2], logical_id) or found[0]

            text = re.sub(r"\$\{(\w+)\.([\w.]+)\}", put, argument)
            return text if text != argument else None
        return None

    def _property(self, target: Json, attribute: Json, logical_id: str) -> str | None:
        value = self._resources.get(target) if isinstance(target, str) and target != logical_id else None
        for step in ("Properties", *str(attribute).split(".")):
            value = value.get(step) if isinstance(value, dict) else None
        return str(value) if value and isinstance(value, str | int | float) else None


@dataclass(kw_only=True)
class Notes:
    """The unknown values that a check read, asked for their type, and asked whether they are anything at all."""

    read: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    weighed: list[str] = field(default_factory=list)


def _noting(name: str) -> Callable[..., Any]:
    original = getattr(str, name)

    def method(self: "Unknown", *arguments: Any, **named: Any) -> Any:
        self.notes.read.append(str.__str__(self))
        return original(self, *arguments, **named)

    return method


class Unknown(str):
    """A value that is not known: notes what is done with it, by whatever method or operator of a text."""

    notes: Notes

    def __new__(cls, text: str, notes: Notes) -> "Unknown":
        """`text` is the marker; `notes` is shared by all values of one run."""
        self = super().__new__(cls, text)
        self.notes = notes
        return self

    def __bool__(self) -> bool:
        self.notes.weighed.append(str.__str__(self))
        return True

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # asked by isinstance(value, dict): what is none may be one
        self.notes.asked.append(str.__str__(self))
        return Unknown


_UNWATCHED = {"__new__", "__init__", "__class__", "__getattribute__", "__setattr__", "__delattr__", "__init_subclass__"}
_UNWATCHED |= {"__subclasshook__", "__doc__", "__dir__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__sizeof__"}
_UNWATCHED |= {"maketrans"}
for _name in set(dir(str)) - _UNWATCHED:
    if callable(getattr(str, _name)):
        setattr(Unknown, _name, _noting(_name))
