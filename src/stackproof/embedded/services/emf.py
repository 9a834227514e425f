"""Embedded metrics: what CloudWatch Logs extracts from a log line, by the Embedded Metric Format specification.

Source: CloudWatch user guide, "Specification: Embedded metric format". CloudWatch drops what breaks the specification
without a word; here it is counted, so that a test can see it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stackproof.embedded.services.metrics import Metric

MAX_METRICS = 100
MAX_DIMENSIONS = 30
MAX_VALUES = 100
OLDEST = timedelta(weeks=2)
NEWEST = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The values of one metric in one line."""

    metric: Metric
    values: tuple[float, ...]
    unit: str
    at: datetime
    high_resolution: bool


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What a line held: its samples, and a reason for every metric that breaks the specification."""

    samples: list[Sample] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def extract(line: str, now: datetime) -> Extracted:
    """The metrics of a log line. A line that is no JSON object, or has no `_aws.CloudWatchMetrics`, has none."""
    if '"_aws"' not in line:
        return Extracted()
    try:
        document = json.loads(line)
    except ValueError:
        return Extracted()
    if not isinstance(document, dict) or not isinstance(document.get("_aws"), dict):
        return Extracted()
    metadata = document["_aws"]
    if "CloudWatchMetrics" not in metadata:
        return Extracted()
    try:
        at = _instant(metadata.get("Timestamp"), now)
        directives = _listed(metadata["CloudWatchMetrics"], "CloudWatchMetrics")
    except _Broken as broken:
        return Extracted(dropped=[str(broken)])
    result = Extracted()
    for directive in directives:
        _read_directive(directive, document, at, result)
    return result


class _Broken(Exception):
    """A part of a line breaks the specification."""


def _read_directive(directive: Any, document: Mapping[str, Any], at: datetime, result: Extracted) -> None:
    try:
        if not isinstance(directive, dict):
            raise _Broken("a directive is not an object")
        namespace = directive.get("Namespace")
        if not isinstance(namespace, str) or not 1 <= len(namespace) <= 1024:
            raise _Broken("Namespace must be a string of 1 to 1024 characters")
        sets = [_dimensions(names, document) for names in _listed(directive.get("Dimensions"), "Dimensions")]
        definitions = _listed(directive.get("Metrics"), "Metrics")
        if len(definitions) > MAX_METRICS:
            raise _Broken(f"more than {MAX_METRICS} metrics in a directive")
    except _Broken as broken:
        result.dropped.append(str(broken))
        return
    for definition in definitions:
        try:
            result.samples.extend(_samples(namespace, sets, definition, document, at))
        except _Broken as broken:
            result.dropped.append(str(broken))


def _samples(
    namespace: str, sets: list[dict[str, str]], definition: Any, document: Mapping[str, Any], at: datetime
) -> Iterator[Sample]:
    if not isinstance(definition, dict) or not isinstance(definition.get("Name"), str):
        raise _Broken("a metric definition has no Name")
    name = definition["Name"]
    values = _values(name, document)
    resolution = definition.get("StorageResolution", 60)
    unit = definition.get("Unit", "None")
    if resolution not in (1, 60) or not isinstance(unit, str):
        raise _Broken(f"{name} has a StorageResolution that is neither 1 nor 60, or a Unit that is no text")
    for dimensions in sets:
        yield Sample(
            metric=Metric.of(namespace, name, dimensions),
            values=values,
            unit=unit,
            at=at,
            high_resolution=resolution == 1,
        )


def _values(name: str, document: Mapping[str, Any]) -> tuple[float, ...]:
    found = document.get(name)
    values: list[Any] = found if isinstance(found, list) else [found]
    if not 1 <= len(values) <= MAX_VALUES or not all(_is_number(value) for value in values):
        raise _Broken(f"{name} is not a number or a list of 1 to {MAX_VALUES} numbers")
    return tuple(float(value) for value in values)


def _is_number(value: Any) -> bool:
    """JSON as Python reads it also knows NaN and Infinity; CloudWatch does not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _dimensions(names: Any, document: Mapping[str, Any]) -> dict[str, str]:
    keys = _listed(names, "a dimension set")
    if len(keys) > MAX_DIMENSIONS:
        raise _Broken(f"more than {MAX_DIMENSIONS} dimensions in a set")
    dimensions: dict[str, str] = {}
    for key in keys:
        value = document.get(key) if isinstance(key, str) else None
        if not isinstance(value, str) or not value:
            raise _Broken(f"the dimension {key} is not a string member of the line")
        dimensions[key] = value
    return dimensions


def _listed(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Broken(f"{what} is not a list")
    return value


def _instant(timestamp: Any, now: datetime) -> datetime:
    """`Timestamp` is in milliseconds since the epoch; CloudWatch takes it from two weeks ago to two hours ahead."""
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise _Broken("_aws.Timestamp is not a number of milliseconds")
    try:
        at = datetime.fromtimestamp(timestamp / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError):
        raise _Broken("_aws.Timestamp is out of range") from None
    if not now - OLDEST <= at <= now + NEWEST:
        raise _Broken("_aws.Timestamp is older than two weeks or more than two hours ahead")
    return at
