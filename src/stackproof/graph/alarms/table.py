"""What AWS services publish to CloudWatch, as data: `metrics.yaml` (names and dimension sets) and `names.yaml` (which
resource a dimension's value names)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_KINDS = {"faults": "fault", "losses": "loss", "work": "work", "gauges": "gauge"}


class Kind(StrEnum):
    """What a metric counts: what should not happen, what is lost for good, what is done, or anything else."""

    FAULT = "fault"
    LOSS = "loss"
    WORK = "work"
    GAUGE = "gauge"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A metric that a service publishes. `dimensions` are its sets; `period` is the seconds between its data points;
    `sparse`: nothing is published while nothing happens; `alone`: not even a 0 while other things happen; `counted`:
    each data point stands for one thing, so that only a sum counts."""

    kind: Kind
    dimensions: frozenset[frozenset[str]]
    period: int
    sparse: bool
    alone: bool
    counted: bool

    @property
    def is_fault(self) -> bool:
        """Whether it counts what should not happen: more is worse."""
        return self.kind in (Kind.FAULT, Kind.LOSS)


@dataclass(frozen=True, kw_only=True)
class Name:
    """The resource type that a dimension names, and what holds the name: Ref or attributes, and the property that
    spells it out. With the property `unless` Ref is something else (a rule on a bus of its own)."""

    type: str
    by: frozenset[str | None]
    property: str | None
    unless: str | None


@cache
def _data(name: str) -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: Mapping[str, Any] = yaml.load(files(__package__).joinpath(name).read_text(encoding="utf-8"), loader)
    return data


def is_aws(namespace: str) -> bool:
    """Whether AWS publishes in this namespace, not the user."""
    return namespace.startswith("AWS/") or namespace in _data("metrics.yaml")


def is_listed(namespace: str) -> bool:
    """Whether the table has this namespace."""
    return namespace in _data("metrics.yaml")


@cache
def known(namespace: str, metric: str) -> Known | None:
    """What is known of a metric of an AWS namespace, None where the table has no such metric."""
    entry = _data("metrics.yaml").get(namespace, {})
    for pattern in (False, True):
        for group in entry.get("groups", ()):
            for key, kind in _KINDS.items():
                if _has(str(group.get(key, "")).split(), metric, pattern):
                    return Known(
                        kind=Kind(kind),
                        dimensions=frozenset(_set(names) for names in group["dimensions"]),
                        period=int(group.get("period", 60)),
                        sparse=bool(entry.get("sparse", False)),
                        alone=bool(entry.get("alone", False)),
                        counted=bool(entry.get("counted", False)),
                    )
    return None


def _has(names: list[str], metric: str, pattern: bool) -> bool:
    if pattern:
        return any("*" in name and fnmatchcase(metric, name) for name in names)
    return metric in names


def _set(names: str | list[str]) -> frozenset[str]:
    return frozenset(names.split() if isinstance(names, str) else names)


def naming(namespace: str, dimension: str) -> tuple[Name, ...]:
    """The resource types that a dimension names, () for one that names no resource."""
    entry = _data("names.yaml").get(namespace, {}).get(dimension)
    if not isinstance(entry, list):
        return ()
    return tuple(
        Name(
            type=item["type"],
            by=frozenset(None if by == "Ref" else by for by in item["by"]),
            property=item.get("property"),
            unless=item.get("unless"),
        )
        for item in entry
    )


def values(namespace: str, dimension: str) -> frozenset[str] | None:
    """The values that a dimension may have, None where it names something."""
    entry = _data("names.yaml").get(namespace, {}).get(dimension)
    return frozenset(entry["values"].split()) if isinstance(entry, dict) else None


@cache
def names(namespace: str) -> tuple[str, ...]:
    """The metrics of a namespace that the table spells out."""
    groups = _data("metrics.yaml").get(namespace, {}).get("groups", ())
    return tuple(
        name for group in groups for key in _KINDS for name in str(group.get(key, "")).split() if "*" not in name
    )
