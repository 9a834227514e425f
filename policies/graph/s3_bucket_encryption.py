"""Encryption at rest: buckets."""

from stackproof.graph import Graph
from stackproof.graph.buckets import receives_logs, refuses_keys
from stackproof.graph.keys import key_fault
from stackproof.graph.values import is_true, items, mapping, there
from stackproof.rules import Hit, Hits, Resource, rule

_PATH = ("Properties", "BucketEncryption", "ServerSideEncryptionConfiguration")


@rule("AWS::S3::Bucket")
def s3_bucket_encryption(bucket: Resource, graph: Graph) -> Hits:
    """A bucket is encrypted with a customer key and uses bucket keys; one that receives logs with SSE-S3."""
    rules = items(bucket.get("BucketEncryption", "ServerSideEncryptionConfiguration"))
    if not rules:
        yield Hit("the bucket names no encryption, so S3 uses a key of its own", path=there(bucket, _PATH[:2]))
    for index, item in enumerate(rules):
        at = (*_PATH, index)
        default = mapping(mapping(item).get("ServerSideEncryptionByDefault"))
        algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
        place = (*at, "ServerSideEncryptionByDefault")
        if algorithm == "AES256" and receives_logs(graph, bucket):
            if key is not None:
                yield Hit(
                    "SSE-S3 takes no key, but the bucket names one", path=there(bucket, (*place, "KMSMasterKeyID"))
                )
            continue
        if refuses_keys(graph, bucket):
            yield Hit("logs are delivered here, which must be written with SSE-S3: nothing would arrive", path=place)
            continue
        if algorithm not in ("aws:kms", "aws:kms:dsse"):
            yield Hit(
                "the bucket is not encrypted with KMS (SSEAlgorithm)", path=there(bucket, (*place, "SSEAlgorithm"))
            )
            continue
        if algorithm == "aws:kms" and not is_true(mapping(item).get("BucketKeyEnabled")):
            yield Hit(
                "the bucket uses no bucket key: each object costs a KMS call",
                path=there(bucket, (*at, "BucketKeyEnabled")),
            )
        if fault := key_fault(graph, key):
            yield Hit(f"the bucket's KMSMasterKeyID {fault}", path=there(bucket, (*place, "KMSMasterKeyID")))
