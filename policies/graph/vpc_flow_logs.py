"""Network: flow logs."""

from stackproof.graph import Graph
from stackproof.graph.flowlogs import faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::EC2::VPC")
def vpc_flow_logs(network: Resource, graph: Graph) -> Hits:
    """Each network has a flow log of all its traffic, to a destination that exists and that it may write to."""
    yield from faults(graph, network)
