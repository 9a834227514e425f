"""Least privilege: resources."""

from stackproof.graph import Graph
from stackproof.graph.iam.actions import knows_resources
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.grants import is_for_interfaces
from stackproof.graph.iam.targets import is_wide, put_on
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display


def _speaks(resource: Resource, graph: Graph) -> bool:
    held = bool(holds(Kind.IDENTITY)(resource, graph))
    return held or (bool(holds(Kind.RESOURCE)(resource, graph)) and bool(put_on(graph, resource)))


@rule("AWS::*", where=_speaks)
def iam_wildcard_resource(resource: Resource, graph: Graph) -> Hits:
    """No Allow is on all resources of a kind, where the action knows resources: in policies of identities, and in those
    of buckets, topics and queues, which name what they are put on."""
    for statement in statements(graph, resource, Kind.IDENTITY, Kind.RESOURCE):
        if not statement.allows:
            continue
        actions = [action for action, _ in statement.texts("Action") if knows_resources(action)]
        known = [action for action in actions if not is_for_interfaces(graph, resource, action)]
        negated = statement.has("NotAction")
        for value, place in statement.texts("Resource"):
            if (known or negated) and is_wide(graph, value):
                what = known[0] if known else "everything but a list"
                yield Hit(f"{statement.name} grants {what} on all resources: {display(value)}", path=place)
        if not statement.has("Resource") and not statement.has("NotResource"):
            yield Hit(f"{statement.name} names no resource", path=statement.path)
