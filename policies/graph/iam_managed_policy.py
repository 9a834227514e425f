"""Managed policies of AWS."""

from fnmatch import fnmatchcase

from stackproof.graph import Graph
from stackproof.graph.iam.data import BROAD_MANAGED
from stackproof.rules import Hit, Hits, Resource, rule
from stackproof.template.references import target


@rule("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::SSO::PermissionSet")
def iam_managed_policy(identity: Resource, graph: Graph) -> Hits:
    """No role, user or group has a managed policy that grants whole services or the account."""
    for element in ("ManagedPolicyArns", "ManagedPolicies"):
        listed = identity.properties.get(element) or []
        for index, value in enumerate(listed if isinstance(listed, list) else [listed]):
            place = ("Properties", element, index)
            if not isinstance(value, str):
                yield Hit("a managed policy is named by its ARN", path=place)
            elif target(value) is None and ":policy/" not in value:
                yield Hit(f"{value} is no ARN of a managed policy", path=place)
            elif any(fnmatchcase(value.rsplit("/", 1)[-1], pattern) for pattern in BROAD_MANAGED):
                yield Hit(f"the managed policy {value.rsplit('/', 1)[-1]} grants whole services", path=place)
    boundary = identity.properties.get("PermissionsBoundary")
    if isinstance(boundary, str) and boundary.endswith("/AdministratorAccess"):
        yield Hit(
            "AdministratorAccess as a permissions boundary bounds nothing", path=("Properties", "PermissionsBoundary")
        )
