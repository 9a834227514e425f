"""Whether a resource policy refuses requests without TLS."""

from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, resource_policies
from stackproof.graph.values import items
from stackproof.rules import Hit
from stackproof.template.model import Resource

_KEY = "aws:securetransport"
_OPERATORS = ("Bool", "BoolIfExists")


def tls_faults(graph: Graph, resource: Resource, action: str, *arns: str) -> Iterator[Hit]:
    """What keeps the policies of a resource from refusing an action without TLS, for everybody, on all of these ARNs.

    A statement that means to do it and does not is named at its own place; without any the resource itself.
    """
    left, close = set(arns), list[tuple[Statement, str]]()
    for statement in resource_policies(graph, resource):
        if not _is_meant(statement):
            continue
        covered = {arn for arn in left if statement.has_resource(graph, arn)}
        if fault := _fault(statement, action) or ("" if covered else "its Resource does not cover this resource"):
            close.append((statement, fault))
            continue
        left -= covered
        if not left:
            return
    for statement, fault in close:
        message = (
            f"the statement {statement.name} does not refuse requests without TLS to {resource.logical_id}: {fault}"
        )
        yield Hit(message, path=statement.path, resource=statement.holder.logical_id)
    if not close:
        to = (
            "" if len(left) == len(arns) else " to its objects" if any("/" in arn for arn in left) else " to the bucket"
        )
        yield Hit(f"no policy refuses requests without TLS{to}", path=("Properties",))


def _is_meant(statement: Statement) -> bool:
    return any(key == _KEY for _, key, _ in statement.conditions())


def _fault(statement: Statement, action: str) -> str:
    conditions = list(statement.conditions())
    if statement.effect != "Deny":
        return f"its Effect is {statement.effect or 'missing'}, not Deny"
    if len(conditions) != 1:
        return "further conditions narrow it"
    operator, _, value = conditions[0]
    if operator not in _OPERATORS:
        return f"it compares aws:SecureTransport by {operator}, not by Bool"
    if not items(value) or not all(str(item).lower() == "false" for item in items(value)):
        return "it denies where aws:SecureTransport is not false"
    if not statement.is_for_everybody():
        return "it does not hold for everybody (Principal)"
    return "" if statement.has_action(action) else f"its Action does not cover {action}"
