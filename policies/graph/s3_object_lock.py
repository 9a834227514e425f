"""Recovery: archives can't be deleted before their time."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.buckets import is_named, receives_logs, tag
from stackproof.graph.locks import lock_faults
from stackproof.graph.values import is_true
from stackproof.rules import Hit, Hits, Resource, rule


def _is_archive(bucket: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> bool:
    """By its name, or because it has a lock, which is then whole. Where access logs are delivered no lock may be."""
    if bucket.get("ObjectLockEnabled") is not None or bucket.get("ObjectLockConfiguration") is not None:
        return True
    return is_named(bucket, thresholds["recovery"]["archive_names"], "BucketName") and not receives_logs(graph, bucket)


@rule("AWS::S3::Bucket", where=_is_archive)
def s3_object_lock(bucket: Resource, thresholds: Mapping[str, Any]) -> Hits:
    """An archive locks each version by default, for a set time, that no lifecycle rule undercuts."""
    limits = thresholds["recovery"]
    if not is_true(bucket.get("ObjectLockEnabled")):
        yield Hit("the archive's versions can be deleted: ObjectLockEnabled is not true", path=("Properties",))
        return
    yield from lock_faults(bucket, strict=tag(bucket, "Environment") in limits["strict_environments"], limits=limits)
