"""What a bucket is for: access logs, an archive, or data."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, resource_policies
from stackproof.graph.values import is_true, items, mapping, text
from stackproof.template.model import Resource
from stackproof.template.references import inside

BUCKET = "AWS::S3::Bucket"

_S3_LOGS = "logging.s3.amazonaws.com"
# Who writes logs into a bucket under its policy, and whether it can do so with a customer key: S3, Elastic Load
# Balancing and Redshift write with SSE-S3 only (S3, Enabling server access logging; ELB, Enable access logs; Redshift,
# Database audit logging); log delivery for CloudFront and others can do both.
_SENDERS: Mapping[str, bool] = {
    _S3_LOGS: False,
    "logdelivery.elasticloadbalancing.amazonaws.com": False,
    "redshift.amazonaws.com": False,
    "delivery.logs.amazonaws.com": True,
}
# Where a resource says to which bucket its logs go, and whether a customer key can be used there.
_DESTINATIONS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    (BUCKET, ("LoggingConfiguration", "DestinationBucketName"), False),
    ("AWS::ElasticLoadBalancing::LoadBalancer", ("AccessLoggingPolicy", "S3BucketName"), False),
    ("AWS::Redshift::Cluster", ("LoggingProperties", "BucketName"), False),
    ("AWS::CloudFront::Distribution", ("DistributionConfig", "Logging", "Bucket"), True),
)


def receives_logs(graph: Graph, bucket: Resource) -> bool:
    """Whether a service delivers logs into a bucket, so that SSE-S3 is a fit way to encrypt it."""
    return bucket.logical_id in _targets(graph) or any(True for _ in _senders(graph, bucket))


def is_for_logs(graph: Graph, bucket: Resource) -> bool:
    """Whether a bucket is there for logs that do not come from the buckets of this template: those of services, or
    access logs of buckets elsewhere."""
    sent = (value for source, value, _ in _destinations(graph) if graph.resources[source].type != BUCKET)
    if any(bucket.logical_id in _buckets(graph, value) for value in sent):
        return True
    return any(
        service != _S3_LOGS or not any(_sources(graph, statement)) for statement, service in _allowed(graph, bucket)
    )


def _sources(graph: Graph, statement: Statement) -> Iterator[bool]:
    """The buckets of this template to which a statement is bound."""
    for _, key, values in statement.conditions():
        if key == "aws:sourcearn":
            yield from (True for value in items(values) for _ in _buckets(graph, value))


def refuses_keys(graph: Graph, bucket: Resource) -> bool:
    """Whether what is delivered into a bucket can't be written with a customer key: nothing would arrive."""
    return not _targets(graph).get(bucket.logical_id, True) or not all(_senders(graph, bucket))


def _senders(graph: Graph, bucket: Resource) -> Iterator[bool]:
    yield from (_SENDERS[service] for _, service in _allowed(graph, bucket))


def _allowed(graph: Graph, bucket: Resource) -> Iterator[tuple[Statement, str]]:
    """The services that deliver logs, each with the statement that lets it write into a bucket."""
    for statement in resource_policies(graph, bucket):
        services = items(mapping(statement.body.get("Principal")).get("Service"))
        if statement.effect == "Allow" and services and statement.has_action("s3:PutObject"):
            yield from ((statement, service) for service in map(text, services) if service in _SENDERS)


def _targets(graph: Graph) -> Mapping[str, bool]:
    """The buckets that logs are sent to, with whether all of these can be written with a customer key."""
    if "buckets.targets" not in graph.cache:
        found: dict[str, bool] = {}
        for source, value, takes_keys in _destinations(graph):
            for name in _buckets(graph, value):
                if name != source:
                    found[name] = found.get(name, True) and takes_keys
        graph.cache["buckets.targets"] = found
    targets: Mapping[str, bool] = graph.cache["buckets.targets"]
    return targets


def _destinations(graph: Graph) -> Iterator[tuple[str, Any, bool]]:
    for kind, path, takes_keys in _DESTINATIONS:
        for resource in graph.of_type(kind):
            yield resource.logical_id, resource.get(*path), takes_keys
    for balancer in graph.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        for attribute in items(balancer.get("LoadBalancerAttributes")):
            if mapping(attribute).get("Key") in ("access_logs.s3.bucket", "connection_logs.s3.bucket"):
                yield balancer.logical_id, mapping(attribute).get("Value"), False


def _buckets(graph: Graph, value: Any) -> Iterator[str]:
    """The buckets of the template that a value names: by reference (also in a domain name) or by literal name."""
    if not isinstance(value, str):
        return
    for reference in inside(value):
        if (found := graph.resources.get(reference.target)) is not None and found.type == BUCKET:
            yield found.logical_id
    name = value.split(".s3", 1)[0]
    yield from (one.logical_id for one in graph.of_type(BUCKET) if one.properties.get("BucketName") == name)


def is_origin(graph: Graph, bucket: Resource) -> bool:
    """Whether a distribution serves what is in a bucket: that is in use as long as it is there."""
    return any(
        bucket.logical_id in _buckets(graph, mapping(origin).get("DomainName"))
        for distribution in graph.of_type("AWS::CloudFront::Distribution")
        for origin in items(distribution.get("DistributionConfig", "Origins"))
    )


def is_versioned(bucket: Resource) -> bool:
    """Whether it keeps versions: by its own setting, or since Object Lock switches versioning on."""
    return bucket.get("VersioningConfiguration", "Status") == "Enabled" or is_true(bucket.get("ObjectLockEnabled"))


def is_named(resource: Resource, pattern: str, *properties: str) -> bool:
    """Whether its logical id, or its literal name in one of these properties, has a word that fits a pattern, or two
    words side by side that do."""
    given = [resource.properties.get(name) for name in properties]
    for name in (resource.logical_id, *(name for name in given if isinstance(name, str))):
        parts = words(name)
        pairs = (first + second for first, second in pairwise(parts))
        if any(re.search(pattern, word) for word in (*parts, *pairs)):
            return True
    return False


def words(name: str) -> list[str]:
    """The words of a name in lower case: `AuditLogTable` and `audit-log_table` are audit, log and table."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def tag(resource: Resource, key: str) -> str:
    """The value of a tag, '' where there is none."""
    for item in items(resource.get("Tags")):
        if mapping(item).get("Key") == key:
            return text(mapping(item).get("Value"))
    return ""
