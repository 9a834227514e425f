"""Read values of any shape: an odd one gives nothing, one that is not known ends the rule, neither ever crashes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.template.model import Path, Resource, Unknown, UnknownValueError


def known(value: Any) -> Any:
    """The value itself.

    Raises: UnknownValueError when it is not known.
    """
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    return value


def items(value: Any) -> list[Any]:
    """The items of a list; a single value as a list of one (as policies and dimensions allow), none for None."""
    value = known(value)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or a JSON text of one; {} for anything else."""
    value = known(value)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def is_true(value: Any) -> bool:
    """Whether a value is true (the schema has made a truth value of its text already)."""
    return known(value) is True


def text(value: Any) -> str:
    """A text, '' for anything else."""
    value = known(value)
    return value if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """A whole number, also when it is written as a text; None for anything else."""
    value = known(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: Any) -> list[str]:
    """The texts of a list, or a single text as a list of one. Other items are left out."""
    return [item for item in map(known, items(value)) if isinstance(item, str)]


def found(resource: Resource, steps: Path, at: Path = ("Properties",)) -> Iterator[tuple[Path, Any]]:
    """Every value at a path below the properties, in which "*" stands for each item of a list, with its place below the
    resource. A missing value is left out; one that is not known is given as it is."""
    yield from _follow(resource.properties, steps, at)


def _follow(value: Any, steps: Path, at: Path) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield at, value
        return
    step, rest = steps[0], steps[1:]
    value = known(value)
    if step == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _follow(item, rest, (*at, index))
    elif isinstance(value, Mapping) and step in value:
        yield from _follow(value[step], rest, (*at, step))


def there(resource: Resource, path: Path) -> Path:
    """A place below a resource, or what is nearest around it where it is missing."""
    value: Any = {"Properties": resource.properties, **resource.attributes}
    for end, step in enumerate(path):
        is_item = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not is_item and not (isinstance(value, Mapping) and step in value):
            return path[:end] or ("Properties",)
        value = value[step]
    return path
