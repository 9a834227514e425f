"""Whom a statement lets in: accounts, services, everybody; and what its conditions make of that."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from stackproof.graph.access import Access
from stackproof.graph.arns import common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import service_exists
from stackproof.graph.iam.data import (
    AWS_ACCOUNTS,
    CLOSING_ACCOUNTS,
    CLOSING_ARNS,
    CLOSING_OTHERS,
    RESOURCE_WITHOUT_SOURCE,
    SENDS_SOURCE_ARN,
    SERVICE_NAMES,
)
from stackproof.graph.iam.documents import Statement
from stackproof.template.model import Path, Unknown, UnknownValueError
from stackproof.template.references import Reference, substitute, whole

OWN = Reference(target="AWS::AccountId").token
"""The account that the stack is deployed to."""

_OWN = "\ue102"
_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(
    r"(?P<names>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com|api\.aws)"
)
_EXACT = frozenset(("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"))
_SET = re.compile(r"^foranyvalue:")


def account(value: str) -> str | None:
    """The account of a principal or ARN: `OWN`, twelve digits, a word that AWS has there ("cloudfront"), or None when
    the text does not say ("*", an ARN of a bucket)."""
    if reference := whole(value):
        own = not reference.is_pseudo or reference.target in ("AWS::AccountId", "AWS::StackId")
        return OWN if own else None
    if _ACCOUNT.fullmatch(value):
        return value
    owner = arn_parts(value)[4]
    return (OWN if owner == _OWN else owner) or None


def arn_parts(value: str) -> list[str]:
    """The six parts of an ARN, all empty for a text that is none. References have colons in them, so they are replaced:
    the own account by a sign of its own, others by a word."""
    plain = substitute(value, lambda reference: _OWN if reference.target == "AWS::AccountId" else "x")
    parts = plain.split(":", 5)
    return parts if len(parts) == 6 and parts[0] == "arn" else [""] * 6


def is_service(graph: Graph, value: str) -> bool:
    """Whether a service principal exists, as far as its name tells ("logs.region.amazonaws.com")."""
    return _is_service(common(graph, value))


@lru_cache(maxsize=1024)
def _is_service(name: str) -> bool:
    found = _SERVICE.fullmatch(name)
    return found is not None and any(one in SERVICE_NAMES or service_exists(one) for one in found["names"].split("."))


def is_account(value: str) -> bool:
    """Whether a principal is a whole account: everybody whom its administrators let."""
    return value == OWN or _ACCOUNT.fullmatch(value) is not None or value.endswith(":root")


def is_positive(operator: str) -> bool:
    """Whether a condition operator demands a value of every request: no negation, IfExists or ForAllValues."""
    return _SET.sub("", operator.lower()) in _EXACT


def closing(statement: Statement) -> Iterator[tuple[str, str, Path]]:
    """The conditions that bind a statement to somebody: key in lower case, value, place. Only those that hold for every
    request: no IfExists, no ForAllValues, no negation, no value that stands for many.

    Raises: UnknownValueError.
    """
    for operator, key, values, place in statement.conditions():
        low = key.lower()
        if not is_positive(operator) or not _binds(low):
            continue
        texts = [_known(value) for value in values]
        if texts and all(isinstance(text, str) and _is_exact(low, text) for text in texts):
            yield from ((low, str(text), place) for text in texts)


def _binds(key: str) -> bool:
    return key in CLOSING_ACCOUNTS or key in CLOSING_ARNS or key in CLOSING_OTHERS


def _known(value: Any) -> Any:
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    return value


def _is_exact(key: str, text: str) -> bool:
    if key not in CLOSING_ARNS:
        return bool(text) and "*" not in text and "?" not in text
    if whole(text):
        return True
    owner, rest = arn_parts(text)[4:]
    if owner:
        return "*" not in owner and "?" not in owner
    return bool(rest) and rest[0] not in "*?"  # a bucket's ARN names no account, but one bucket


def is_closed(statement: Statement) -> bool:
    """Whether conditions bind it to somebody.

    Raises: UnknownValueError.
    """
    return next(closing(statement), None) is not None


def is_open(statement: Statement) -> tuple[bool, Path]:
    """Whether it lets everybody in, and where it says so.

    Raises: UnknownValueError.
    """
    for kind, value, place in statement.principals():
        if kind == "*" or "*" in value:
            return not is_closed(statement), place
    if "NotPrincipal" in statement.body:
        return not is_closed(statement), (*statement.path, "NotPrincipal")
    return False, statement.path


def sourceless(statement: Statement) -> Iterator[tuple[str, Path]]:
    """The service principals that a statement lets in without saying for whom they act.

    Raises: UnknownValueError.
    """
    services = [(value, place) for kind, value, place in statement.principals() if kind == "Service"]
    if services and not is_closed(statement):
        yield from (one for one in services if one[0] not in RESOURCE_WITHOUT_SOURCE)


def arnless(statement: Statement) -> Iterator[tuple[str, Path]]:
    """The service principals that a statement binds to an account and to no source in it, although they send one.

    Raises: UnknownValueError.
    """
    services = [(value, place) for kind, value, place in statement.principals() if kind == "Service"]
    sending = [one for one in services if one[0] in SENDS_SOURCE_ARN]
    if sending and is_closed(statement) and not any(_names_source(*one) for one in statement.conditions()):
        yield from sending


def _names_source(operator: str, key: str, values: list[Any], _: Path) -> bool:
    """Whether a condition names what a service acts for; S3's guides leave the account of a bucket's ARN open."""
    return (
        key.lower() == "aws:sourcearn"
        and is_positive(operator)
        and all(whole(text) or arn_parts(text)[5][:1] not in ("", "*", "?") for text in map(str, map(_known, values)))
    )


def void(statement: Statement) -> Iterator[tuple[str, Path]]:
    """The conditions of an Allow that look as if they bound it to a source and bind it to none: they hold for requests
    without the key, for every value, or for all but one.

    Raises: UnknownValueError.
    """
    conditions = [(operator, key.lower(), values, place) for operator, key, values, place in statement.conditions()]
    bound = {key for operator, key, _, _ in conditions if is_positive(operator)}
    for operator, key, values, place in conditions:
        if key not in _SOURCES:
            continue
        loose = not is_positive(operator) and key not in bound
        if loose or (is_positive(operator) and any(_is_all(_known(value)) for value in values)):
            yield key, place


_SOURCES = CLOSING_ACCOUNTS | CLOSING_ARNS


def _is_all(value: Any) -> bool:
    """Whether a value stands for every source: "*", or an ARN of which neither the account nor the name is said."""
    if not isinstance(value, str) or whole(value):
        return False
    owner, rest = arn_parts(value)[4:]
    return not value.strip("*?") or (bool(rest) and not owner.strip("*?") and not rest.strip("*?/:"))


def foreigners(graph: Graph, statement: Statement, access: Access | None) -> Iterator[tuple[str, Path]]:
    """The principals, and the values of closing conditions, that stand for another account which nobody declared.

    Raises: UnknownValueError.
    """
    declared = set(_declared(graph, access))
    found = [(value, place) for kind, value, place in statement.principals() if kind in ("AWS", "Federated")]
    found += [(value, place) for key, value, place in closing(statement) if key in _ACCOUNTS_AND_ARNS]
    users = [(value, place) for kind, value, place in statement.principals() if kind == "CanonicalUser"]
    yield from ((value, place) for value, place in users if whole(value) is None and value not in declared)
    for value, place in found:
        owner = account(value)
        if owner in (None, OWN, "cloudfront", "aws") or owner in AWS_ACCOUNTS or value in declared or owner in declared:
            continue
        yield value, place


_ACCOUNTS_AND_ARNS = CLOSING_ACCOUNTS | CLOSING_ARNS | {"s3:dataaccesspointaccount"}


def _declared(graph: Graph, access: Access | None) -> Iterator[str]:
    for one in access.external if access else ():
        value = one.arn if one.parameter is None else parameter(graph, one.parameter)
        if isinstance(value, str) and value:
            yield value


def parameter(graph: Graph, name: str) -> Any:
    """The value of a parameter in this environment, None when there is no such parameter."""
    found = graph.template.parameters.get(name)
    return None if found is None else found.value
