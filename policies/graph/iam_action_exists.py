"""Actions and conditions that exist."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import expand
from stackproof.graph.iam.conditions import condition_fault
from stackproof.graph.iam.documents import holds, statements
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::*", where=holds())
def iam_action_exists(resource: Resource, graph: Graph) -> Hits:
    """Every action and every condition of every policy exists, in grants and in denials."""
    for statement in statements(graph, resource):
        for element in ("Action", "NotAction"):
            for action, place in statement.texts(element):
                if not expand(action):
                    yield Hit(f"{statement.name} names the action {action}, which does not exist", path=place)
        for operator, key, values, place in statement.conditions():
            if fault := condition_fault(operator, key, values):
                yield Hit(f"{statement.name}: {fault}", path=place)
