"""Lifecycle rules of a bucket: what they remove, and whether there is anything for them to remove."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.buckets import is_origin, is_versioned, receives_logs
from stackproof.graph.graph import Graph
from stackproof.graph.statements import all_statements, resource_policies
from stackproof.graph.values import is_true, items, known, mapping, number, text, there
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import Reference

_AT: Path = ("Properties", "LifecycleConfiguration", "Rules")
_MOVES = ("Transition", "Transitions")


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """An enabled rule, and its place below the bucket."""

    path: Path
    body: Mapping[str, Any]

    @property
    def prefix(self) -> str:
        """The start of the keys that it is for, '' for all."""
        filters = mapping(self.body.get("Filter"))
        inner = mapping(filters.get("And"))
        return text(self.body.get("Prefix")) or text(filters.get("Prefix")) or text(inner.get("Prefix"))

    @property
    def expiry(self) -> Any:
        """After how many days it expires objects, None where it does not (or at a date)."""
        return known(self.body.get("ExpirationInDays"))

    @property
    def removes_data(self) -> bool:
        """Whether it expires objects or moves them to another class."""
        return self.expiry is not None or any(self.body.get(name) is not None for name in ("ExpirationDate", *_MOVES))

    @property
    def noncurrent(self) -> tuple[Path, Any]:
        """After how many days it expires versions that are no longer current, with its place; None where it doesn't."""
        if self.body.get("NoncurrentVersionExpirationInDays") is not None:
            return (*self.path, "NoncurrentVersionExpirationInDays"), self.body["NoncurrentVersionExpirationInDays"]
        body = self.body.get("NoncurrentVersionExpiration")
        place = (*self.path, "NoncurrentVersionExpiration")
        return (*place, "NoncurrentDays"), None if body is None else mapping(body).get("NoncurrentDays", [])

    @property
    def abort(self) -> tuple[Path, Any]:
        """After how many days it ends incomplete uploads, with its place; None where it does not."""
        body = self.body.get("AbortIncompleteMultipartUpload")
        place = (*self.path, "AbortIncompleteMultipartUpload", "DaysAfterInitiation")
        return place, None if body is None else mapping(body).get("DaysAfterInitiation", [])


def enabled(bucket: Resource) -> list[Lifecycle]:
    """The enabled rules of a bucket."""
    rules = enumerate(items(bucket.get("LifecycleConfiguration", "Rules")))
    return [
        Lifecycle(path=(*_AT, index), body=mapping(item))
        for index, item in rules
        if mapping(item).get("Status") == "Enabled"
    ]


def lifecycle_faults(graph: Graph, bucket: Resource, *, is_archive: bool, limits: Mapping[str, Any]) -> Iterator[Hit]:
    """What the lifecycle rules of a bucket lack, and what is wrong in them."""
    rules = enabled(bucket)
    empty = {one.path: why for one in rules if (why := _covers_nothing(graph, bucket, one))}
    yield from (Hit(why, path=path) for path, why in empty.items())
    rules = [one for one in rules if one.path not in empty]
    yield from (hit for one in rules for hit in _number_faults(graph, bucket, one, limits))
    yield from (hit for one in rules for hit in _sweeps(graph, bucket, one))
    at = there(bucket, _AT)
    keeps_data = is_archive or is_origin(graph, bucket)
    if not keeps_data and not any(one.removes_data for one in rules):
        yield Hit("no enabled lifecycle rule expires or moves objects: they stay for ever", path=at)
    if not is_archive and is_versioned(bucket) and all(one.noncurrent[1] is None for one in rules):
        yield Hit("no enabled lifecycle rule expires noncurrent versions: they stay for ever", path=at)
    if not any(one.abort[1] is not None and not one.prefix for one in rules):
        yield Hit("no enabled lifecycle rule ends incomplete multipart uploads in the whole bucket", path=at)


def _number_faults(graph: Graph, bucket: Resource, one: Lifecycle, limits: Mapping[str, Any]) -> Iterator[Hit]:
    expiry = (*one.path, "ExpirationInDays"), one.expiry
    shortest = limits["log_days_at_least"] if receives_logs(graph, bucket) else 1
    for (path, value), least, most, what in (
        (expiry, shortest, limits["object_days_at_most"], "objects expire"),
        (one.noncurrent, limits["noncurrent_days_at_least"], limits["noncurrent_days_at_most"], "old versions expire"),
        (one.abort, 1, limits["multipart_days_at_most"], "incomplete uploads end"),
    ):
        days = number(value)
        if value is not None and (days is None or not least <= days <= most):
            yield Hit(f"{what} after {_said(value)} days; {least} to {most} are right", path=there(bucket, path))
    days = number(one.expiry)
    for name in _MOVES:
        for item in items(one.body.get(name)):
            moved = number(mapping(item).get("TransitionInDays"))
            if days is not None and moved is not None and moved >= days:
                yield Hit("objects are moved only after they have expired", path=(*one.path, name))
    if is_true(one.body.get("ExpiredObjectDeleteMarker")) and one.expiry is not None:
        message = "ExpirationInDays and ExpiredObjectDeleteMarker exclude each other in one rule"
        yield Hit(message, path=(*one.path, "ExpiredObjectDeleteMarker"))


def _sweeps(graph: Graph, bucket: Resource, one: Lifecycle) -> Iterator[Hit]:
    """A rule that expires, besides others, objects which the bucket's policy lets nobody delete. One that is for those
    alone, or for all of a bucket in which nobody deletes anything, is meant so."""
    start = f"{arn(graph, bucket)}/"
    if one.expiry is None:
        return
    for statement in resource_policies(graph, bucket):
        is_firm = statement.effect == "Deny" and statement.is_for_everybody() and not list(statement.conditions())
        for pattern in statement.resources(graph) if is_firm and statement.has_action("s3:DeleteObject") else ():
            kept = pattern.removeprefix(start).split("*")[0]
            if pattern.startswith(start) and kept != one.prefix and kept.startswith(one.prefix):
                yield Hit(f"it also expires objects under {kept!r}, which nobody is allowed to delete", path=one.path)


def _said(value: Any) -> str:
    value = known(value)
    return repr(value) if isinstance(value, int | str | float) else "no number of"


def _covers_nothing(graph: Graph, bucket: Resource, one: Lifecycle) -> str:
    """Why a rule has nothing to remove, '' where it has, or where that can't be told."""
    filters = mapping(one.body.get("Filter"))
    sizes = mapping(filters.get("And")) or filters or one.body
    more, less = number(sizes.get("ObjectSizeGreaterThan")), number(sizes.get("ObjectSizeLessThan"))
    if more is not None and less is not None and more + 1 >= less:
        return f"no object is larger than {more} and smaller than {less} bytes"
    written = _written(graph, bucket)
    if one.prefix and written and not any(_meets(key, one.prefix) for key in written):
        return f"nobody in this template may write objects under {one.prefix!r}, so the rule removes nothing"
    return ""


def _meets(pattern: str, prefix: str) -> bool:
    """Whether a key pattern of a grant can stand for a key that starts with a prefix."""
    start = pattern.split("*")[0].split("?")[0]
    return start.startswith(prefix) or (start != pattern and prefix.startswith(start))


def _written(graph: Graph, bucket: Resource) -> list[str]:
    """The key patterns of a bucket under which the template allows or makes anybody write; "*" where that is not
    known."""
    if "lifecycle.writes" not in graph.cache:
        graph.cache["lifecycle.writes"] = list(_writes(graph))
    start, found = f"{arn(graph, bucket)}/", list[str]()
    for pattern in graph.cache["lifecycle.writes"]:
        if pattern.startswith(start):
            found.append(pattern.removeprefix(start))
        elif "*" in pattern and start.startswith(pattern.split("*")[0]):
            found.append("*")
    return [*found, *_located(graph, bucket)] if found else found


def _located(graph: Graph, bucket: Resource) -> Iterator[str]:
    """The keys of a bucket that a resource names as the place of data (`s3://<bucket>/<key>`): who writes there may do
    so under grants that the template does not have, as those who query by Athena do."""
    for edge in graph.incoming.get(bucket.logical_id, ()):
        value = graph.valued(edge)
        start = f"s3://{Reference(target=bucket.logical_id).token}/"
        if isinstance(value, str) and value.startswith(start):
            yield f"{value.removeprefix(start)}*"


def _writes(graph: Graph) -> Iterator[str]:
    for one in all_statements(graph):
        if isinstance(one, Unknown) or any(isinstance(one.body.get(name), Unknown) for name in ("Effect", "Action")):
            yield "*"
        elif one.effect == "Allow" and one.has_action("s3:PutObject"):
            resources = one.body.get("Resource")
            for resource in resources if isinstance(resources, list) else [resources]:
                yield common(graph, resource) if isinstance(resource, str) else "*"
