"""Passing roles."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import is_wildcard
from stackproof.graph.iam.passing import is_bound, passes, passing
from stackproof.graph.iam.targets import is_wide
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display


@rule("AWS::*", where=passes)
def iam_pass_role(resource: Resource, graph: Graph) -> Hits:
    """Whoever may pass roles may pass named ones, to a named service."""
    for statement in passing(graph, resource):
        if "NotResource" in statement.body:
            yield Hit(f"{statement.name} lets any role be passed but a few", path=(*statement.path, "NotResource"))
        for value, place in statement.texts("Resource"):
            if is_wide(graph, value) or is_wildcard(value):
                yield Hit(f"{statement.name} lets any role be passed that {display(value)} covers", path=place)
        if not is_bound(statement):
            yield Hit(f"{statement.name} lets roles be passed to any service", path=statement.path)
