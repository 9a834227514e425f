"""Actions and conditions that exist."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import expand
from stackproof.graph.iam.conditions import faults
from stackproof.graph.iam.documents import holds, statements
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::*", where=holds())
def iam_action_exists(resource: Resource, graph: Graph) -> Hits:
    """Every effect, action and condition of every policy exists, in grants and in denials."""
    for statement in statements(graph, resource):
        if statement.allows and statement.body.get("Effect") != "Allow":
            yield Hit(f"{statement.name} neither allows nor denies: its Effect is none", path=statement.path)
        for element in ("Action", "NotAction"):
            for action, place in statement.texts(element):
                if not expand(action):
                    yield Hit(f"{statement.name} names the action {action}, which does not exist", path=place)
    for message, place in faults(statements(graph, resource)):
        yield Hit(message, path=place)
