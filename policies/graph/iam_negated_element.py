"""Grants by exception."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import holds, statements
from stackproof.rules import Hit, Hits, Resource, rule

_NEGATED = ("NotAction", "NotResource", "NotPrincipal")


@rule("AWS::*", where=holds())
def iam_negated_element(resource: Resource, graph: Graph) -> Hits:
    """No Allow says what it does not grant."""
    for statement in statements(graph, resource):
        for element in _NEGATED if statement.allows else ():
            if element in statement.body:
                yield Hit(f"{statement.name} grants everything but a list ({element})", path=(*statement.path, element))
