"""Recovery: what holds data outlives its stack."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.rules import Hit, Hits, Resource, rule

# Types that CloudFormation makes a last snapshot of (CloudFormation, DeletionPolicy attribute).
_SNAPSHOTS = (
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
)
# What makes a database instance a mere reader of data that another resource holds.
_READER = ("DBClusterIdentifier", "SourceDBInstanceIdentifier")


def _is_stateful(resource: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> bool:
    is_reader = resource.type == "AWS::RDS::DBInstance" and any(resource.get(name) is not None for name in _READER)
    return resource.type in thresholds["recovery"]["stateful_types"] and not is_reader


@rule("AWS::*", where=_is_stateful)
def stateful_retained(resource: Resource) -> Hits:
    """What holds data is retained, or leaves a snapshot, when it is deleted and when it is replaced."""
    kept = ("Retain", "Snapshot") if resource.type in _SNAPSHOTS else ("Retain",)
    for name, happens in (("DeletionPolicy", "deleted"), ("UpdateReplacePolicy", "replaced")):
        policy = resource.attributes.get(name)
        if policy not in kept and (name, policy) != ("DeletionPolicy", "RetainExceptOnCreate"):
            said = f"{name} is {policy}" if policy else f"it has no {name}"
            yield Hit(f"its data are lost when it is {happens}: {said}", path=(name,) if policy else ())
