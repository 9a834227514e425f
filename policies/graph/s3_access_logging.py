"""Logging: access to buckets."""

from stackproof.graph import Graph
from stackproof.graph.accesslogs import BUCKET, faults
from stackproof.rules import Hits, Resource, rule


@rule(BUCKET)
def s3_access_logging(bucket: Resource, graph: Graph) -> Hits:
    """Access to each bucket is logged to another bucket, which log delivery may write to; the log bucket itself need
    not."""
    yield from faults(graph, bucket)
