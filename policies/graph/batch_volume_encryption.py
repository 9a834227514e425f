"""Encryption at rest: the volumes of AWS Batch's instances."""

from stackproof.graph import Graph
from stackproof.graph.batchvolumes import specification_faults
from stackproof.graph.values import text, there
from stackproof.rules import Hits, Resource, rule


def _starts_instances(environment: Resource, graph: Graph) -> bool:
    kind = text(environment.get("ComputeResources", "Type")).upper()
    return text(environment.get("Type")).upper() != "UNMANAGED" and not kind.startswith("FARGATE")


@rule("AWS::Batch::ComputeEnvironment", where=_starts_instances)
def batch_volume_encryption(environment: Resource, graph: Graph) -> Hits:
    """A compute environment starts its instances by a launch template that encrypts the devices its images have."""
    at = ("Properties", "ComputeResources", "LaunchTemplate")
    yield from specification_faults(graph, environment, there(environment, at))
