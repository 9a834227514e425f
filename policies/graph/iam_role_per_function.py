"""Roles of functions."""

from stackproof.graph import Graph
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import display


@rule("AWS::Lambda::Function")
def iam_role_per_function(function: Resource, graph: Graph) -> Hits:
    """No two functions share a role."""
    role = function.properties.get("Role")
    if role is None:
        return
    shared = [
        other.logical_id
        for other in graph.of_type("AWS::Lambda::Function")
        if other.logical_id != function.logical_id and other.properties.get("Role") == role
    ]
    if shared:
        yield Hit(f"shares the role {display(str(role))} with {', '.join(shared)}", path=("Properties", "Role"))
