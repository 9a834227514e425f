"""Encryption in transit: buckets."""

from stackproof.graph import Graph
from stackproof.graph.arns import arn
from stackproof.graph.transport import tls_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::S3::Bucket")
def s3_tls_only(bucket: Resource, graph: Graph) -> Hits:
    """A bucket's policy refuses all requests without TLS, to the bucket and to its objects, for everybody."""
    name = arn(graph, bucket)
    yield from tls_faults(graph, bucket, "s3:*", name, f"{name}/any object at all")
