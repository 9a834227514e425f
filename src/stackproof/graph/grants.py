"""What policies of the template allow, as far as alarms and logs need it: who may publish, who may write logs."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, Unknown
from stackproof.template.references import Reference, substitute, target

Statement = Mapping[str, Any]

_ACCOUNT = Reference(target="AWS::AccountId").token


def as_list(value: Any) -> list[Any]:
    """A value that may be one item or a list of them, as a list. Raises: UnknownValueError when it is not known."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | Unknown) else [value]


def statements(document: Any) -> Iterator[Statement]:
    """The statements of a policy document. Raises: UnknownValueError when it is not known."""
    if isinstance(document, Mapping | Unknown):
        yield from (item for item in as_list(document["Statement"] if "Statement" in document else None) if _is(item))


def _is(item: Any) -> bool:
    return isinstance(item, Mapping) or (isinstance(item, Unknown) and bool(item))  # an Unknown raises


def documents(graph: Graph, resource: Resource, kind: str, names: str) -> Iterator[tuple[Resource, list[Statement]]]:
    """The policies (of the type `kind`, attached by the property `names`) on a resource, with their statements."""
    for policy in graph.of_type(kind):
        attached = policy.properties.get(names)
        if any(is_for(graph, item, resource) for item in as_list(attached)):
            yield policy, list(statements(policy.properties.get("PolicyDocument")))


def is_for(graph: Graph, value: Any, resource: Resource) -> bool:
    """Whether a value names a resource, by reference or by its own name."""
    return not isinstance(value, Unknown) and graph.referred(value, resource.type) is resource


def service_statements(policy: list[Statement], service: str, action: str) -> Iterator[Statement]:
    """The statements that allow a service an action."""
    for statement in policy:
        if statement.get("Effect") == "Allow" and has_action(statement, action) and _is_principal(statement, service):
            yield statement


def has_action(statement: Statement, action: str) -> bool:
    """Whether a statement speaks of an action."""
    patterns = as_list(statement.get("Action"))
    return any(isinstance(p, str) and fnmatchcase(action.lower(), p.lower()) for p in patterns if _known(p))


def _known(value: Any) -> bool:
    return not isinstance(value, Unknown) or bool(value)


def _is_principal(statement: Statement, service: str) -> bool:
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in as_list(principal.get("Service")) or "*" in as_list(principal.get("AWS"))


def condition_values(statement: Statement, key: str) -> list[Any] | None:
    """The values that a positive condition on a key (aws:SourceArn) demands, None when there is no such condition."""
    found: list[Any] | None = None
    for operator, block in dict(statement.get("Condition") or {}).items():
        if not isinstance(block, Mapping) or not re.match(r"(ForAnyValue:)?(String|Arn)(Equals|Like)", str(operator)):
            continue
        for name, values in block.items():
            if str(name).casefold() == key.casefold():
                found = [*(found or ()), *as_list(values)]
    return found


def is_own_account(values: list[Any] | None) -> bool:
    """Whether a condition on an account names this one."""
    return values is not None and any(value == _ACCOUNT or bool(re.fullmatch(r"\d{12}", value)) for value in values)


def covers(pattern: Any, text: str) -> bool:
    """Whether a pattern of a policy (`*` and `?`) covers a text; pseudo parameters match whatever stands for them."""
    if not isinstance(pattern, str):
        return False
    flat = substitute(pattern, lambda reference: "*" if reference.is_pseudo else reference.token)
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in flat)
    return re.fullmatch(expression, substitute(text, lambda r: "x" if r.is_pseudo else r.token)) is not None


def role_statements(graph: Graph, role: Resource) -> Iterator[Statement]:
    """The statements of all policies of the template that are attached to a role."""
    for policy in as_list(role.properties.get("Policies")):
        if _is(policy):
            yield from statements(policy.get("PolicyDocument"))
    for policy in graph.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        if any(is_for(graph, item, role) for item in as_list(policy.properties.get("Roles"))):
            yield from statements(policy.properties.get("PolicyDocument"))
    for policy in graph.of_type("AWS::IAM::RolePolicy"):
        if is_for(graph, policy.properties.get("RoleName"), role):
            yield from statements(policy.properties.get("PolicyDocument"))
    for arn in as_list(role.properties.get("ManagedPolicyArns")):
        managed = None if isinstance(arn, Unknown) else graph.resources.get(target(arn) or "")
        if managed is not None:
            yield from statements(managed.properties.get("PolicyDocument"))


def managed_names(role: Resource) -> list[str]:
    """The names of AWS's managed policies on a role."""
    arns = [arn for arn in as_list(role.properties.get("ManagedPolicyArns")) if isinstance(arn, str)]
    return [arn.rsplit("/", 1)[-1] for arn in arns if ":iam::aws:policy/" in arn]
