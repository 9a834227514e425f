"""Whether policies let a service do something: their allowing and denying statements, with their conditions weighed.

A request is described by its context: for each condition key (in lower case) the values it may have. All ARNs are in
the common form of `stackproof.graph.arns`."""

from collections.abc import Iterable, Mapping

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, role_statements, statements
from stackproof.graph.values import items, text
from stackproof.graph.wildcards import covers
from stackproof.template.model import Resource, Unknown, UnknownValueError

Context = Mapping[str, tuple[str, ...]]

_NOT = ("stringnot", "arnnot", "notipaddress", "numericnot", "datenot")
_KNOWN = ("stringequals", "stringlike", "arnequals", "arnlike", "bool")


def context(source_arn: str = "", *more: str, **keys: str) -> Context:
    """The context of a service's call from this account, over TLS, by a source (under these ARNs)."""
    sources = {"aws:sourcearn": (source_arn, *more)} if source_arn else {}
    given = {key.replace("_", ":"): (value,) for key, value in keys.items()}
    return {"aws:sourceaccount": ("account",), "aws:securetransport": ("true",), **sources, **given}


def lets(graph: Graph, policy: Iterable[Statement], service: str, action: str, wanted: str, request: Context) -> bool:
    """Whether statements let a service do something with a resource: one allows it, and none denies it."""
    allowed = False
    for statement in policy:
        if statement.has_action(action) and statement.has_resource(graph, wanted) and statement.is_for_service(service):
            met = meets(graph, statement, request)
            if met and statement.effect != "Allow":
                return False
            allowed = allowed or met
    return allowed


def meets(graph: Graph, statement: Statement, request: Context) -> bool:
    """Whether a request fulfils all conditions of a statement."""
    return all(_holds(graph, operator, key, value, request) for operator, key, value in statement.conditions())


def _holds(graph: Graph, operator: str, key: str, value: object, request: Context) -> bool:
    low = operator.lower()
    plain = low.removeprefix("foranyvalue:").removeprefix("forallvalues:").removesuffix("ifexists")
    given = request.get(key)
    if plain == "null":
        return (given is None) is (text(items(value)[0] if items(value) else "").lower() == "true")
    negative = plain.startswith(_NOT)
    if given is None:
        return negative or low.endswith("ifexists")
    if plain.replace("not", "") not in _KNOWN:
        return False
    patterns = [pattern for item in items(value) if (pattern := _pattern(graph, item)) is not None]
    return any(_fits(plain, pattern, one) for pattern in patterns for one in given) is not negative


def _pattern(graph: Graph, value: object) -> str | None:
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    if isinstance(value, bool):
        return str(value).lower()
    return _account(common(graph, value)) if isinstance(value, str) else None


def _account(value: str) -> str:
    return "account" if value.isdigit() and len(value) == 12 else value


def _fits(operator: str, pattern: str, value: str) -> bool:
    if operator.startswith("string") and operator.endswith("equals"):
        return pattern == value
    if operator == "bool":
        return pattern.lower() == value
    return covers(pattern, value)


def source(graph: Graph, resource: Resource, made: str) -> tuple[str, ...]:
    """The ARNs by which a condition may name a resource: the one that it will have, and what its attribute Arn stands
    for."""
    return made, arn(graph, resource) or f"<{resource.logical_id}.Arn>"


def made_name(resource: Resource) -> str:
    """The name that CloudFormation makes for a resource without one: stack, logical id and a random part."""
    return f"<StackName>-{resource.logical_id}-x"


def may(graph: Graph, role: Resource, action: str, wanted: str, request: Context) -> bool:
    """Whether the policies that a role has in this template allow an action on a resource, and none of them denies
    it."""
    allowed = False
    for statement in role_statements(graph, role):
        if statement.has_action(action) and statement.has_resource(graph, wanted) and meets(graph, statement, request):
            if statement.effect != "Allow":
                return False
            allowed = True
    return allowed


def trusted(graph: Graph, role: Resource, service: str, request: Context) -> bool:
    """Whether a role lets a service assume it."""
    place = ("Properties", "AssumeRolePolicyDocument")
    return any(
        statement.effect == "Allow"
        and statement.has_action("sts:AssumeRole")
        and statement.is_for_service(service)
        and meets(graph, statement, request)
        for statement in statements(role, role.get("AssumeRolePolicyDocument"), place)
    )
