"""Passing roles."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import is_wildcard
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.grants import Grant
from stackproof.graph.iam.targets import is_wide
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.model import Path

_EXACT = ("stringequals", "stringlike", "stringequalsignorecase")


def _passes(resource: Resource, graph: Graph) -> bool:
    return any(
        statement.allows and Grant(principal="", statement=statement).covers("iam:PassRole")
        for statement in statements(graph, resource, Kind.IDENTITY)
    )


@rule("AWS::*", where=lambda resource, graph: holds(Kind.IDENTITY)(resource, graph) and _passes(resource, graph))
def iam_pass_role(resource: Resource, graph: Graph) -> Hits:
    """Whoever may pass roles may pass named ones, to a named service."""
    for statement in statements(graph, resource, Kind.IDENTITY):
        if not statement.allows or not Grant(principal="", statement=statement).covers("iam:PassRole"):
            continue
        if "NotResource" in statement.body:
            yield Hit(f"{statement.name} lets any role be passed but a few", path=(*statement.path, "NotResource"))
        for value, place in statement.texts("Resource"):
            if is_wide(graph, value) or is_wildcard(value):
                yield Hit(f"{statement.name} lets any role be passed that {value} covers", path=place)
        bound: list[Path] = [
            place
            for operator, key, values, place in statement.conditions()
            if key.lower() == "iam:passedtoservice"
            and operator.lower() in _EXACT
            and all(isinstance(value, str) and not is_wildcard(value) for value in values)
        ]
        if not bound:
            yield Hit(f"{statement.name} lets roles be passed to any service", path=statement.path)
