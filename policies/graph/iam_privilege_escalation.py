"""Combinations of grants that raise one's own rights."""

from stackproof.graph import Graph
from stackproof.graph.iam.escalation import combination
from stackproof.graph.iam.grants import IDENTITIES, grants_of
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*IDENTITIES)
def iam_privilege_escalation(identity: Resource, graph: Graph) -> Hits:
    """No role, user or group can raise its own rights, by all that it is granted together."""
    boundary = identity.properties.get("PermissionsBoundary")
    if isinstance(boundary, str) and not boundary.endswith("/AdministratorAccess"):
        return
    if found := combination(graph, identity, grants_of(graph, identity)):
        actions, statement = found
        message = f"{identity.logical_id} can raise its own rights by {' with '.join(actions)}"
        yield Hit(message, path=statement.path, resource=statement.holder.logical_id)
