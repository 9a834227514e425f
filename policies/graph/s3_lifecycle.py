"""Retention: objects, versions and parts of uploads do not stay for ever."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.buckets import is_named, receives_logs
from stackproof.graph.lifecycle import lifecycle_faults
from stackproof.graph.values import is_true
from stackproof.rules import Hits, Resource, rule


@rule("AWS::S3::Bucket")
def s3_lifecycle(bucket: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> Hits:
    """A bucket's enabled lifecycle rules expire or move objects, expire old versions, and end incomplete uploads.

    Archives and locked buckets keep what they hold; they too end incomplete uploads.
    """
    named = is_named(bucket, thresholds["recovery"]["archive_names"], "BucketName")
    is_archive = is_true(bucket.get("ObjectLockEnabled")) or (named and not receives_logs(graph, bucket))
    yield from lifecycle_faults(graph, bucket, is_archive=is_archive, limits=thresholds["retention"])
