"""Encryption in transit: topics."""

from stackproof.graph import Graph
from stackproof.graph.arns import arn
from stackproof.graph.transport import tls_faults
from stackproof.rules import Hits, Resource, rule


@rule("AWS::SNS::Topic")
def sns_tls_only(topic: Resource, graph: Graph) -> Hits:
    """A topic's policy refuses to be published to without TLS, for everybody.

    Publishing is the action that carries data; SNS takes no `sns:*` in a topic's policy.
    """
    yield from tls_faults(graph, topic, "sns:Publish", arn(graph, topic))
