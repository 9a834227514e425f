"""Encryption at rest: buckets."""

from stackproof.graph import Graph
from stackproof.graph.atrest import encryption_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::S3::Bucket")
def s3_bucket_encryption(bucket: Resource, graph: Graph) -> Hits:
    """A bucket is encrypted with a customer key and uses bucket keys; one that receives logs with SSE-S3."""
    yield from encryption_faults(graph, bucket)
