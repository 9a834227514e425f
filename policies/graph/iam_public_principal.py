"""Policies that let everybody in."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.principals import arnless, is_open, sourceless, void
from stackproof.rules import Hit, Hits, Resource, rule

KINDS = (Kind.RESOURCE, Kind.KEY, Kind.TRUST)


@rule("AWS::*", where=holds(*KINDS))
def iam_public_principal(resource: Resource, graph: Graph) -> Hits:
    """No policy of a resource lets everybody in, nor a service on behalf of everybody."""
    for statement in statements(graph, resource, *KINDS):
        if not statement.allows:
            continue
        is_public, place = is_open(statement)
        if is_public:
            yield Hit(f"{statement.name} lets everybody in, and no condition says who", path=place)
        for key, where in void(statement) if statement.kind is not Kind.TRUST else ():
            yield Hit(f"{statement.name}: the condition on {key} binds it to nobody", path=where)
        for service, where in sourceless(statement) if statement.kind is Kind.RESOURCE else ():
            message = f"{statement.name} lets {service} in on behalf of anybody: no condition names the source"
            yield Hit(message, path=where)
        for service, where in arnless(statement) if statement.kind is not Kind.TRUST else ():
            yield Hit(f"{statement.name} lets {service} in for anything of an account: no aws:SourceArn", path=where)
