"""Read the YAML files of the catalogue, and say in which line a fault stands."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from stackproof.errors import StackproofError

Where = tuple[str | int, ...]
"""A place in a file: ("controls", 3, "severity")."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser takes a tenth of the time


class Fault(Exception):
    """Something is wrong at a place; the reader of the file adds file and line."""

    def __init__(self, where: Where, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.message = message


class _StrictLoader(_Loader):  # type: ignore[misc]
    """Refuses a key that stands twice in a map: YAML keeps the last, silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        own = [
            key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"
        ]  # those merged in may be overridden
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            self._refuse_twice(own)
        return mapping

    def _refuse_twice(self, keys: list[yaml.Node]) -> None:
        seen: set[object] = set()
        for key in keys:
            name = self.construct_object(key, deep=True)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands there twice", key.start_mark
                )
            seen.add(name)


class _TaggedLoader(_StrictLoader):
    """Takes CloudFormation's tags (!Ref) too, without looking into them."""


_TaggedLoader.add_multi_constructor("!", lambda loader, tag, node: f"!{tag}")


def read(path: Path, *, tags: bool = False) -> Mapping[str, Any]:
    """The map that a YAML file holds; with `tags` it may have CloudFormation's short forms in it.

    Raises: StackproofError when the file is missing, empty, no YAML or no map.
    """
    try:
        data = yaml.load(text(path), Loader=_TaggedLoader if tags else _StrictLoader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:  # the last two: impossible dates
        raise StackproofError(
            f"{path}{_line(error)}: not readable as YAML: {_problem(error)}. Mend it there."
        ) from None
    if data is None:
        raise StackproofError(f"{path}: the file is empty; nothing would be checked by it. Fill it.")
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise StackproofError(
            f"{path}: holds {_kind(data)}, not a map of names. See the policies of stackproof itself."
        )
    return data


def text(path: Path) -> str:
    """The text of a file.

    Raises: StackproofError when it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StackproofError(
            f"{path}: {error.strerror}. A policies folder holds controls.yaml, frameworks.yaml and thresholds.yaml."
        ) from None
    except UnicodeDecodeError as error:
        raise StackproofError(f"{path}: not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None


def located(path: Path, fault: Fault) -> StackproofError:
    """The error of a fault, with file and line. The file is parsed once more: only who fails pays for lines."""
    node: Any = yaml.compose(text(path), Loader=_Loader)
    for step in fault.where:
        node = _child(node, step) or node
    return StackproofError(f"{path}:{node.start_mark.line + 1}: {fault.message}")


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    return None


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _problem(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(getattr(error, "problem", None) or error)


def _kind(value: object) -> str:
    match value:
        case list():
            return "a list"
        case dict():
            return "a map with keys that are no text"
        case _:
            return f"the value {value!r}"[:60]
