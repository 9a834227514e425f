"""Roles of functions."""

from stackproof.graph import Graph
from stackproof.graph.arns import common
from stackproof.graph.iam.trust import users_of
from stackproof.rules import Hit, Hits, Resource, Unknown, rule
from stackproof.template.model import UnknownValueError
from stackproof.template.references import display


@rule("AWS::Lambda::Function")
def iam_role_per_function(function: Resource, graph: Graph) -> Hits:
    """No two functions share a role, nor does a function with something else."""
    value = function.properties.get("Role")
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    if not isinstance(value, str):
        return  # cfn-lint says what a function's role must be
    role = common(graph, value)
    others = [one for one in graph.of_type("AWS::Lambda::Function") if one.logical_id != function.logical_id]
    roles = {one.logical_id: one.properties.get("Role") for one in others}
    shared = {name for name, other in roles.items() if isinstance(other, str) and common(graph, other) == role}
    shared |= {user for user in users_of(graph, value) if user != function.logical_id}
    if shared:
        yield Hit(f"shares the role {display(value)} with {', '.join(sorted(shared))}", path=("Properties", "Role"))
