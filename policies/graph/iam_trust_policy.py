"""Who may become a role."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import Kind, statements
from stackproof.graph.iam.trust import trust_faults, users
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::IAM::Role")
def iam_trust_policy(role: Resource, graph: Graph) -> Hits:
    """A role trusts the services that use it, each for this account alone where the service says for whom it acts."""
    trusted: set[str] = set()
    for statement in statements(graph, role, Kind.TRUST):
        if statement.allows:
            trusted |= {value for kind, value, _ in statement.principals() if kind == "Service"}
            for message, place in trust_faults(statement):
                yield Hit(message, path=place)
    for service, user in users(graph, role):
        if service not in trusted:
            message = f"{user} has {service} use it, which it does not trust"
            yield Hit(message, path=("Properties", "AssumeRolePolicyDocument"))
    if not trusted and next(iter(role.properties.get("AssumeRolePolicyDocument") or ()), None) is None:
        yield Hit("nobody may assume it", path=("Properties",))
