"""Who may invoke a function."""

from stackproof.graph import Graph
from stackproof.graph.access import Access
from stackproof.graph.iam.permissions import permission_faults
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::Url")
def lambda_permission_source(permission: Resource, graph: Graph, access: Access | None = None) -> Hits:
    """A service may invoke a function for one source in one account; nobody else's account may."""
    for message, element in permission_faults(graph, permission, access):
        yield Hit(message, path=("Properties", element) if element in permission.properties else ("Properties",))
