"""Least privilege: resources."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import knows_resources
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.targets import is_wide
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display


@rule("AWS::*", where=holds(Kind.IDENTITY))
def iam_wildcard_resource(resource: Resource, graph: Graph) -> Hits:
    """No Allow of an identity is on all resources of a kind, where the action knows resources."""
    for statement in statements(graph, resource, Kind.IDENTITY):
        if not statement.allows:
            continue
        known = [action for action, _ in statement.texts("Action") if knows_resources(action)]
        negated = next(statement.listed("NotAction"), None) is not None
        for value, place in statement.texts("Resource"):
            if (known or negated) and is_wide(graph, value):
                what = known[0] if known else "everything but a list"
                yield Hit(f"{statement.name} grants {what} on all resources: {display(value)}", path=place)
        if next(statement.listed("Resource"), None) is None and next(statement.listed("NotResource"), None) is None:
            yield Hit(f"{statement.name} names no resource", path=statement.path)
