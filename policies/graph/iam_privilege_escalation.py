"""Combinations of grants that raise one's own rights."""

from stackproof.findings.outcome import Outcome
from stackproof.graph import Graph
from stackproof.graph.iam.escalation import combination, is_bound
from stackproof.graph.iam.grants import IDENTITIES, grants_of
from stackproof.rules import Hit, Hits, Resource, rule


@rule(*IDENTITIES)
def iam_privilege_escalation(identity: Resource, graph: Graph) -> Hits:
    """No role, user or group can raise its own rights, by all that it is granted together."""
    found = combination(graph, identity, grants_of(graph, identity))
    if found is None or (bound := is_bound(graph, identity)) is True:
        return
    actions, statement = found
    message = f"{identity.logical_id} can raise its own rights by {' with '.join(actions)}"
    if bound is None:
        message += ", unless its permissions boundary, which is not in this template, keeps it from it"
    outcome = Outcome.UNKNOWN if bound is None else Outcome.FAIL
    yield Hit(message, path=statement.path, resource=statement.holder.logical_id, outcome=outcome)
