"""Trust policies: whom they let become a role, and who uses it."""

import re
from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.iam.data import ROLE_USERS, TRUST_SOURCES
from stackproof.graph.iam.documents import Statement
from stackproof.graph.iam.principals import account, closing
from stackproof.graph.values import found
from stackproof.template.model import Path, Resource

_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com)")
_ASSUME = frozenset(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"))
_FEDERATED = frozenset(("sts:assumerolewithwebidentity", "sts:assumerolewithsaml"))


def trust_faults(statement: Statement) -> Iterator[tuple[str, Path]]:
    """What is wrong with an Allow of a trust policy: (message, place).

    Raises: UnknownValueError.
    """
    actions = {action.lower() for action, _ in statement.texts("Action")}
    kinds = set()
    bound = {key: value for key, value, _ in closing(statement)}
    for kind, value, place in statement.principals():
        kinds.add(kind)
        match kind:
            case "Service":
                yield from ((message, place) for message in _service_faults(statement, value, bound))
            case "Federated":
                if not _names_a_subject(statement):
                    yield (
                        f"{statement.name} lets anybody of {value} in: no condition names a subject or audience",
                        place,
                    )
            case "AWS" | "*" | "CanonicalUser":
                continue  # judged as principals of a resource policy: everybody, other accounts
            case _:
                yield f"{statement.name} has the unknown kind of principal {kind}", place
    if not kinds and "NotPrincipal" not in statement.body:
        yield f"{statement.name} names no principal", statement.path
    wanted = _FEDERATED | _ASSUME if "Federated" in kinds else _ASSUME
    for action, place in statement.texts("Action"):
        if action.lower() not in wanted:
            yield f"{statement.name} grants {action}, which is no way to become a role", place
    if actions and not actions & ({"sts:assumerole"} | _FEDERATED):
        yield f"{statement.name} lets nobody assume the role", (*statement.path, "Action")


def _service_faults(statement: Statement, service: str, bound: dict[str, str]) -> Iterator[str]:
    if not _SERVICE.fullmatch(service):
        yield f"{statement.name} trusts {service}, which is no service principal"
    wanted = TRUST_SOURCES.get(service, "")
    if (
        wanted == "account"
        and bound.get("aws:sourceaccount") is None
        and not _names_account(bound.get("aws:sourcearn"))
    ):
        yield f"{statement.name} lets {service} in for any account: no condition on aws:SourceAccount or aws:SourceArn"
    if wanted == "none" and ("aws:sourceaccount" in bound or "aws:sourcearn" in bound):
        yield f"{statement.name} keeps {service} out: it sends no source that a condition could compare"


def _names_account(arn: str | None) -> bool:
    return arn is not None and account(arn) is not None


def _names_a_subject(statement: Statement) -> bool:
    for operator, key, values, _ in statement.conditions():
        name = key.lower().rsplit(":", 1)[-1]
        is_subject = name in ("sub", "aud", "amr", "iss") and not operator.lower().startswith(("stringnot", "null"))
        if is_subject and all(isinstance(value, str) and value.strip("*?") for value in values):
            return True
    return False


def users(graph: Graph, role: Resource) -> Iterator[tuple[str, str]]:
    """The services that resources of the template have use a role, each with one that does: (principal, logical id)."""
    told: set[str] = set()
    for kind, steps, service in ROLE_USERS:
        for resource in graph.of_type(kind):
            for _, value in found(resource, steps):
                named = graph.referred(value, "AWS::IAM::Role") if isinstance(value, str) else None
                if named is role and service not in told:
                    told.add(service)
                    yield service, resource.logical_id
