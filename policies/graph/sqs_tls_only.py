"""Encryption in transit: queues."""

from stackproof.graph import Graph
from stackproof.graph.arns import arn
from stackproof.graph.transport import tls_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::SQS::Queue")
def sqs_tls_only(queue: Resource, graph: Graph) -> Hits:
    """A queue's policy refuses all requests without TLS, for everybody."""
    yield from tls_faults(graph, queue, "sqs:*", arn(graph, queue))
