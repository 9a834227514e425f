"""How a bucket encrypts what is stored in it."""

from collections.abc import Iterator
from typing import Any

from stackproof.graph.buckets import receives_logs, refuses_keys
from stackproof.graph.graph import Graph
from stackproof.graph.keys import key_fault
from stackproof.graph.values import is_true, items, mapping, there
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource

_AT: Path = ("Properties", "BucketEncryption", "ServerSideEncryptionConfiguration")


def encryption_faults(graph: Graph, bucket: Resource) -> Iterator[Hit]:
    """What keeps a bucket from being encrypted with a customer key and a bucket key or, where logs are delivered, from
    being encrypted so that they arrive."""
    rules = items(bucket.get("BucketEncryption", "ServerSideEncryptionConfiguration"))
    if not rules:
        yield Hit("the bucket names no encryption, so S3 uses a key of its own", path=there(bucket, _AT))
    for index, item in enumerate(rules):
        yield from _rule_faults(graph, bucket, item, (*_AT, index))


def _rule_faults(graph: Graph, bucket: Resource, item: Any, at: Path) -> Iterator[Hit]:
    default = mapping(mapping(item).get("ServerSideEncryptionByDefault"))
    algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
    place = (*at, "ServerSideEncryptionByDefault")
    of_algorithm, of_key = there(bucket, (*place, "SSEAlgorithm")), there(bucket, (*place, "KMSMasterKeyID"))
    if algorithm == "AES256" and receives_logs(graph, bucket):
        if key is not None:
            yield Hit("SSE-S3 takes no key, but the bucket names one", path=of_key)
    elif refuses_keys(graph, bucket):
        message = "logs are delivered here, which must be written with SSE-S3: nothing would arrive"
        yield Hit(message, path=of_algorithm)
    elif algorithm not in ("aws:kms", "aws:kms:dsse"):
        yield Hit("the bucket is not encrypted with KMS (SSEAlgorithm)", path=of_algorithm)
    else:
        # Encryption in two layers knows no bucket keys (S3, Dual-layer server-side encryption).
        if algorithm == "aws:kms" and not is_true(mapping(item).get("BucketKeyEnabled")):
            message = "the bucket uses no bucket key: each object costs a KMS call"
            yield Hit(message, path=there(bucket, (*at, "BucketKeyEnabled")))
        if fault := key_fault(graph, key):
            yield Hit(f"the bucket's KMSMasterKeyID {fault}", path=of_key)
