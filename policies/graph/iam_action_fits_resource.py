"""Actions on resources that they know."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import Kind, holds, statements
from stackproof.graph.iam.targets import is_stray, misfits, put_on
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display

KINDS = (Kind.IDENTITY, Kind.RESOURCE, Kind.ENDPOINT)


@rule("AWS::*", where=holds(*KINDS))
def iam_action_fits_resource(resource: Resource, graph: Graph) -> Hits:
    """Every action of a statement fits one of its resources, and every resource one of its actions."""
    owners = put_on(graph, resource)
    for statement in statements(graph, resource, *KINDS):
        actions = [action for action, _ in statement.texts("Action")]
        resources = dict(statement.texts("Resource"))
        for value, place in resources.items():
            if is_stray(graph, value, owners):
                yield Hit(f"{statement.name}: {display(value)} is not what the policy is put on", path=place)
        for action, value in misfits(graph, actions, list(resources)):
            if action:
                listed = ", ".join(display(one) for one in resources)
                yield Hit(f"{statement.name}: {action} never applies to {listed}", path=(*statement.path, "Action"))
            else:
                what = f"{statement.name}: none of its actions applies to {display(value)}"
                yield Hit(what, path=resources[value])
