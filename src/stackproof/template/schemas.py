"""Resource schemas of CloudFormation, offline: those that cfn-lint ships, read straight from its files.

cfn-lint itself is not imported, which would take a second.
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stackproof.errors import EngineError

_REGION = "us-east-1"  # has nearly every type


@lru_cache(maxsize=1)
def _folder() -> Path:
    found = find_spec("cfnlint")
    folder = (
        Path(found.submodule_search_locations[0], "data", "schemas")
        if found and found.submodule_search_locations
        else None
    )
    if folder is None or not (folder / "providers" / f"{_REGION}.json").is_file():
        raise EngineError(
            "The resource schemas are not there: they come with cfn-lint. Install: pip install 'stackproof[gate]'"
        )
    return folder


@lru_cache(maxsize=1)
def types() -> Mapping[str, str]:
    """Every resource type that is known, with the name of its schema file."""
    known: dict[str, str] = {}
    folder = _folder() / "providers"
    for region in (_REGION, *sorted(path.stem for path in folder.glob("*.json"))):
        known = {**json.loads((folder / f"{region}.json").read_bytes()), **known}
        if region == _REGION and len(known) > 500:
            break
    return known


@cache
def schema(resource_type: str) -> Mapping[str, Any] | None:
    """The schema of a type, None for one that is not known (a custom resource, a module, a third party's type)."""
    name = types().get(resource_type)
    if name is None:
        return None
    data: Mapping[str, Any] = json.loads((_folder() / "resources" / f"{name}.json").read_bytes())
    return data


@cache
def tag_property(resource_type: str) -> str | None:
    """The property that holds the tags of a type ("Tags" mostly), None for a type that takes none."""
    data = schema(resource_type)
    if data is None:
        return None
    tagging = data.get("tagging", {})
    if tagging.get("taggable") is False or data.get("taggable") is False:
        return None
    name = str(tagging.get("tagProperty", "/properties/Tags")).removeprefix("/properties/").split("/")[0]
    return name if name in data.get("properties", {}) else None


def node(resource_type: str, path: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The schema of a property by its path below Properties, {} where the schema says nothing of it."""
    data = schema(resource_type)
    if data is None:
        return {}
    current: Mapping[str, Any] = data
    for step in path:
        current = child(data, current, step)
    return follow(data, current)


def follow(root: Mapping[str, Any], current: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a `$ref` leads to."""
    for _ in range(20):
        target = current.get("$ref")
        if not isinstance(target, str):
            return current
        current = root
        for part in target.removeprefix("#/").split("/"):
            current = current.get(part, {})
    return {}


def child(root: Mapping[str, Any], current: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    """The schema of an entry or item of what `current` describes."""
    current = follow(root, current)
    if isinstance(step, int):
        items = current.get("items")
        return items if isinstance(items, dict) else {}
    properties = current.get("properties", {})
    if step in properties:
        return properties[step]  # type: ignore[no-any-return]
    for pattern in current.get("patternProperties", {}).values():
        return pattern  # type: ignore[no-any-return]
    for branch in (*current.get("anyOf", ()), *current.get("oneOf", ()), *current.get("allOf", ())):
        found = child(root, branch, step) if isinstance(branch, dict) else {}
        if found:
            return found
    return {}
