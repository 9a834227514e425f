"""Managed policies of AWS."""

from stackproof.graph import Graph
from stackproof.graph.iam.managed import is_broad
from stackproof.graph.values import items, known
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import target


@rule("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::SSO::PermissionSet")
def iam_managed_policy(identity: Resource, graph: Graph) -> Hits:
    """No role, user or group has a managed policy that grants whole services or the account."""
    for element in ("ManagedPolicyArns", "ManagedPolicies"):
        for index, value in enumerate(items(identity.properties.get(element))):
            place = ("Properties", element, index)
            if not isinstance(known(value), str):
                yield Hit("a managed policy is named by its ARN", path=place)
            elif target(value) is None and ":policy/" not in value:
                yield Hit(f"{value} is no ARN of a managed policy", path=place)
            elif is_broad(value):
                yield Hit(f"the managed policy {value.rsplit('/', 1)[-1]} grants whole services", path=place)
    boundary = identity.properties.get("PermissionsBoundary")
    if isinstance(boundary, str) and boundary.endswith("/AdministratorAccess"):
        place = ("Properties", "PermissionsBoundary")
        yield Hit("AdministratorAccess as a permissions boundary bounds nothing", path=place)
