"""When a mutant is no fault: the resolved template is the same, or the service does by default what was removed."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from stackproof.mutate.model import Mutant
from stackproof.mutate.target import NOTHING
from stackproof.mutate.trial import Stage
from stackproof.template import schemas
from stackproof.template.model import Path, Resource

SAME = "the resolved template is the same in every environment"


def reason(mutant: Mutant, stages: Sequence[Stage]) -> str:
    """Why a property that was removed makes no difference: the schema's default, or a documented one, is the value that
    it had. "" when there is no such reason."""
    path = mutant.path
    if len(path) < 4 or path[0] != "Resources" or path[2] != "Properties" or not _is_removal(mutant):
        return ""
    resource = stages[0].templates[0].resources.get(str(path[1]))
    if resource is None:
        return ""
    below = _in_resolved(resource, path)
    value = resource.get(*below)
    node = schemas.node(resource.type, below)
    if "default" in node and _alike(node["default"], value):
        return f"the schema of {resource.type} says that {below[-1]} is {value} by default"
    return _documented(resource, below, value)


def _is_removal(mutant: Mutant) -> bool:
    return mutant.operator == "conditional-hole" or (mutant.operator == "delete-property" and mutant.after == NOTHING)


def _in_resolved(resource: Resource, path: Path) -> Path:
    """The place below Properties of an original place."""
    for at, origin in resource.origins.items():
        if origin == path and at[:1] == ("Properties",):
            return at[1:]
    return path[3:]


def _documented(resource: Resource, below: Path, value: Any) -> str:
    entry = _defaults().get(resource.type, {}).get(".".join("*" if isinstance(s, int) else s for s in below))
    if entry is None:
        return ""
    if "contains" in entry and isinstance(value, Mapping) and entry["contains"].items() <= value.items():
        return str(entry["source"])
    if "value" in entry and _alike(entry["value"], value):
        return f"{below[-1]} is {value} by default ({entry['source']})"
    return ""


def _alike(default: Any, value: Any) -> bool:
    return str(default).lower() == str(value).lower()


@cache
def _defaults() -> Mapping[str, Mapping[str, Any]]:
    data: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        files("stackproof.mutate").joinpath("defaults.yaml").read_text(encoding="utf-8")
    )
    return data
