"""Encryption at rest: what others upload."""

from stackproof.graph import Graph
from stackproof.graph.arns import common
from stackproof.graph.keyusers import KEY_AT
from stackproof.graph.uploads import leaks, outside_uploads
from stackproof.graph.values import known
from stackproof.rules import Hit, Hits, Resource, rule


def _takes_uploads(bucket: Resource, graph: Graph) -> bool:
    """Encrypted with a key of its own, and others than this template's roles write into it."""
    return isinstance(known(bucket.get(*KEY_AT[bucket.type])), str) and bool(outside_uploads(graph, bucket))


@rule("AWS::S3::Bucket", where=_takes_uploads)
def s3_upload_encryption(bucket: Resource, graph: Graph) -> Hits:
    """A bucket into which others upload refuses whatever asks for another encryption than the bucket's own key."""
    for leak in leaks(graph, bucket, common(graph, bucket.get(*KEY_AT[bucket.type]))):
        message = f"an upload to {bucket.logical_id} that this statement allows {leak.what}"
        yield Hit(message, path=leak.path, resource=leak.holder.logical_id)
