"""Policies that let other accounts in."""

from stackproof.graph import Graph
from stackproof.graph.access import Access
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.principals import foreigners
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display

KINDS = (Kind.RESOURCE, Kind.KEY, Kind.TRUST, Kind.ENDPOINT)


@rule("AWS::*", where=holds(*KINDS))
def iam_cross_account_principal(resource: Resource, graph: Graph, access: Access | None = None) -> Hits:
    """No policy of a resource lets an account in that is neither this one nor named in access.yaml."""
    for statement in statements(graph, resource, *KINDS):
        if statement.allows:
            for value, place in foreigners(graph, statement, access):
                yield Hit(f"{statement.name} lets another account in: {display(value)}", path=place)
