"""Least privilege: actions."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import is_wildcard
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.rules import Hit, Hits, Resource, rule

KINDS = (Kind.IDENTITY, Kind.RESOURCE, Kind.TRUST, Kind.ENDPOINT)


@rule("AWS::*", where=holds(*KINDS))
def iam_wildcard_action(resource: Resource, graph: Graph) -> Hits:
    """No Allow has a wildcard among its actions; key policies, where AWS prescribes some, are judged by
    `kms_key_policy`."""
    for statement in statements(graph, resource, *KINDS):
        if statement.allows:
            for action, place in statement.texts("Action"):
                if is_wildcard(action):
                    yield Hit(f"{statement.name} grants the wildcard action {action}", path=place)
