"""Who may become a role."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import Kind, statements
from stackproof.graph.iam.trust import less_bound, strays, trust_faults, users
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::IAM::Role")
def iam_trust_policy(role: Resource, graph: Graph) -> Hits:
    """A role trusts the services that use it, each for this account alone where the service says for whom it acts."""
    trusted: set[str] = set()
    lets_in = False
    for statement in statements(graph, role, Kind.TRUST):
        if statement.allows:
            is_spelt = statement.body.get("Effect") == "Allow"
            lets_in = lets_in or is_spelt
            if is_spelt and any(action.lower() == "sts:assumerole" for action, _ in statement.texts("Action")):
                trusted |= {value for kind, value, _ in statement.principals() if kind == "Service"}
            for message, place in trust_faults(graph, statement):
                yield Hit(message, path=place)
    for message, place in less_bound(graph, role):
        yield Hit(message, path=place)
    where = ("Properties", *(name for name in ["AssumeRolePolicyDocument"] if name in role.properties))
    for service, user in users(graph, role).items():
        if service not in trusted:
            yield Hit(f"{user} has {service} use it, which it does not trust", path=where)
    for service in sorted(strays(graph, role, trusted)):
        yield Hit(f"it trusts {service}, which nothing in the template has use it", path=where)
    if not lets_in:
        yield Hit("nobody may assume it", path=where)
