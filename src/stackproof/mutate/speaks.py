"""What the controls speak of: `speaks.yaml`, by resource type and property."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from stackproof.template.model import Path

FAULTS = frozenset({"delete", "empty", "flip", "other", "typo", "repoint", "retype", "key", "hole"})


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What is said of a place: the controls, the kinds of fault that make sense, and values that are worse."""

    controls: tuple[str, ...]
    faults: frozenset[str] = FAULTS
    weak: tuple[Any, ...] = ()
    when: Path = ()
    unless: tuple[Path, str] | None = None
    """An entry (its name) of the value so many steps down with which no control speaks."""


@dataclass(frozen=True, kw_only=True)
class AlarmSpoken:
    """Who asks for alarms of a namespace, and on which metrics: on each of `metrics`, on one of `any_of`."""

    controls: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Speaks:
    """The table."""

    types: Mapping[str, Mapping[tuple[str, ...], Mapping[str, Any]]]
    shapes: Mapping[str, Mapping[str, Any]]
    alarms: Mapping[str, "AlarmSpoken"]
    services: Mapping[str, tuple[str, ...]]
    managed_policies: tuple[str, ...]
    escalations: tuple[Mapping[str, Any], ...]
    _known: dict[Any, Spoken | None] = field(default_factory=dict, compare=False, repr=False)

    def of(self, resource_type: str, path: Path) -> Spoken | None:
        """What is said of a property (its path below Properties), None when no control speaks of it."""
        key = (resource_type, tuple("*" if isinstance(step, int) else step for step in path))
        if key not in self._known:
            self._known[key] = self._of(*key)
        return self._known[key]

    def _of(self, resource_type: str, path: tuple[str, ...]) -> Spoken | None:
        patterns = self.types[resource_type] if resource_type in self.types else self._by_name(path)
        merged: dict[str, Any] = {}
        for pattern in sorted(patterns, key=len):
            if pattern and _covers(pattern, path):
                exact = len(pattern) == len(path)
                entry = {name: item for name, item in patterns[pattern].items() if exact or name != "weak"}
                if "unless" in entry:
                    entry["unless"] = (path[: len(pattern)], entry["unless"])
                merged = {**{name: item for name, item in merged.items() if name != "weak"}, **entry}
        controls = tuple(merged.get("controls", ()))
        if not controls:
            return None
        return Spoken(
            controls=controls,
            faults=frozenset(merged.get("faults", FAULTS)),
            weak=tuple(merged.get("weak", ())),
            when=tuple(filter(None, merged.get("when", "").split("."))),
            unless=merged.get("unless"),
        )

    def _by_name(self, path: tuple[str, ...]) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
        """The patterns of a path of which nothing but the names of its properties is known."""
        return {path[: end + 1]: self.shapes[step] for end, step in enumerate(path) if step in self.shapes}

    def deleted(self, resource_type: str) -> tuple[str, ...]:
        """The controls that miss a resource of this type when it is gone."""
        return tuple(self.types.get(resource_type, {}).get((), {}).get("deleted", ()))


def _covers(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(pattern) <= len(path) and all(
        expected in ("*", step) for expected, step in zip(pattern, path, strict=False)
    )


@cache
def load() -> Speaks:
    """The table that comes with stackproof."""
    data = yaml.safe_load(files("stackproof.mutate").joinpath("speaks.yaml").read_text(encoding="utf-8"))
    return Speaks(
        types={
            kind: {tuple(filter(None, pattern.split("."))): entry for pattern, entry in patterns.items()}
            for kind, patterns in data["types"].items()
        },
        shapes=data["shapes"],
        alarms={
            namespace: AlarmSpoken(**{name: tuple(items) for name, items in entry.items()})
            for namespace, entry in data["alarms"].items()
        },
        services={service: tuple(controls) for service, controls in data["services"].items()},
        managed_policies=tuple(data["managed_policies"]),
        escalations=tuple(data["escalations"]),
    )
