"""Change a tree of plain data at one path. The original stays; what is not on the way is shared, not copied."""

from collections.abc import Mapping
from typing import Any

from stackproof.template.model import Path


def at(data: Any, path: Path) -> Any:
    """The value at a path.

    Raises: LookupError when there is none.
    """
    for step in path:
        if isinstance(data, list):
            if not isinstance(step, int):
                raise KeyError(step)
            data = data[step]
        elif isinstance(data, Mapping):
            data = data[step]
        else:
            raise KeyError(step)
    return data


def has(data: Any, path: Path) -> bool:
    """Whether there is a value at a path."""
    try:
        at(data, path)
    except LookupError:
        return False
    return True


def replaced(data: Any, path: Path, value: Any) -> Any:
    """The data with another value at a path; missing mappings on the way are made."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        items = list(data)
        if step == len(items):
            items.append(replaced(None, rest, value))
        else:
            items[int(step)] = replaced(items[int(step)], rest, value)
        return items
    known = dict(data) if isinstance(data, Mapping) else {}
    known[step] = replaced(known.get(step), rest, value)
    return known


def removed(data: Any, path: Path) -> Any:
    """The data without what stands at a path."""
    parent, last = path[:-1], path[-1]
    around = at(data, parent)
    if isinstance(around, list):
        return replaced(data, parent, [item for index, item in enumerate(around) if index != last])
    return replaced(data, parent, {name: item for name, item in around.items() if name != last})


def renamed(data: Any, path: Path, name: str) -> Any:
    """The data with another key for an entry, in its place."""
    around = at(data, path[:-1])
    return replaced(data, path[:-1], {(name if key == path[-1] else key): item for key, item in around.items()})
