"""Take one value of a catalogue file for what it should be, or say at which place it is not."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from stackproof.catalogue.files import Fault, Where


def names(where: Where, value: Any, required: Sequence[str], optional: Sequence[str] = ()) -> None:
    """That `value` is a map with exactly these keys."""
    mapped(where, value)
    allowed = [*required, *optional]
    for key in value:
        if key not in allowed:
            raise Fault((*where, key), f"the key {key!r} is not known here. Keys are {', '.join(allowed)}.")
    if missing := [key for key in required if key not in value]:
        raise Fault(where, f"{_named(value)}the key {missing[0]} is missing. Add it.")


def mapped(where: Where, value: Any, *, may_be_empty: bool = False) -> Mapping[str, Any]:
    """A map of names."""
    if not isinstance(value, dict):
        raise Fault(where, f"{_spot(where)} is {_shown(value)}, not a map of names and values.")
    if stray := [key for key in value if not isinstance(key, str)]:
        raise Fault(where, f"the key {stray[0]!r} below {_spot(where)} is no text. Quote it.")
    if not value and not may_be_empty:
        raise Fault(where, f"{_spot(where)} is empty. Fill it, or remove what needs it.")
    return value


def listed(where: Where, value: Any) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise Fault(where, f"{_spot(where)} is {_shown(value)}, not a list. Write [...] or lines with a dash.")
    return value


def entries(where: Where, value: Any) -> list[Any]:
    """A list with something in it."""
    if not listed(where, value):
        raise Fault(where, f"{_spot(where)} is empty, so nothing would be checked. List at least one.")
    return list(value)


def worded(where: Where, value: Any) -> str:
    """A text with something in it."""
    if not isinstance(value, str):
        raise Fault(where, f"{_spot(where)} is {_shown(value)}, not a text. Quote it.")
    if not value.strip():
        raise Fault(where, f"{_spot(where)} is empty. Write it.")
    return value.strip()


def one_of(where: Where, value: Any, allowed: type[StrEnum]) -> str:
    """A value of an enumeration."""
    choices: Iterable[str] = [item.value for item in allowed]
    if not isinstance(value, str) or value not in choices:
        raise Fault(where, f"{_spot(where)} is {_shown(value)}. It is one of {', '.join(choices)}.")
    return value


def _named(entry: Mapping[str, Any]) -> str:
    return f"control {entry['id']}: " if isinstance(entry.get("id"), str) else ""


def _spot(where: Where) -> str:
    return ".".join(map(str, where)) or "the file"


def _shown(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case dict():
            return "a map"
        case list():
            return "a list"
        case _:
            return repr(value) if len(repr(value)) < 40 else repr(value)[:37] + "..."
