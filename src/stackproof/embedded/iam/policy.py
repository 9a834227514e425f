"""Policy documents as statements. Pure; an element that is not understood is an error, never ignored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.conditions import Condition, parse

_ELEMENTS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
)
_PRINCIPALS = frozenset({"AWS", "Service", "Federated"})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. `policy` names the document it stands in, `index` its place there (from 0); `principals` are
    (kind, value) pairs, None in an identity policy; each `not_...` says that the list names the exceptions."""

    policy: str
    index: int
    sid: str | None
    allow: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    principals: tuple[tuple[str, str], ...] | None = None
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    variables: bool = True
    text: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """`policy/Sid`, or `policy/#2` for the third statement of those without a Sid."""
        return f"{self.policy}/{self.sid or f'#{self.index}'}"


def parse_policy(name: str, document: str | bytes | Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy document.

    Raises: EmbeddedError for what is no policy or has an element that is not known.
    """
    if isinstance(document, str | bytes):
        try:
            document = json.loads(document)
        except ValueError as error:
            raise EmbeddedError(f"The policy {name!r} is not JSON: {error}.") from None
    if not isinstance(document, Mapping):
        raise EmbeddedError(f"The policy {name!r} is not a JSON object.")
    version = str(document.get("Version", "2008-10-17"))
    if version not in ("2008-10-17", "2012-10-17"):
        raise EmbeddedError(f"The policy {name!r} has the version {version!r}, which IAM does not know.")
    statements = document.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return tuple(_statement(name, i, body, version == "2012-10-17") for i, body in enumerate(listed))


def _statement(name: str, index: int, body: Mapping[str, Any], variables: bool) -> Statement:
    if stray := set(body) - _ELEMENTS:
        raise EmbeddedError(f"Statement {index} of the policy {name!r} has the unknown element {min(stray)!r}.")
    if body.get("Effect") not in ("Allow", "Deny"):
        raise EmbeddedError(f"Statement {index} of the policy {name!r} has the effect {body.get('Effect')!r}.")
    if ("Action" in body) == ("NotAction" in body):
        raise EmbeddedError(f"Statement {index} of the policy {name!r} needs either Action or NotAction.")
    principal = body.get("Principal", body.get("NotPrincipal"))
    if "NotPrincipal" in body and body["Effect"] == "Allow":
        raise EmbeddedError(f"Statement {index} of the policy {name!r} allows by NotPrincipal, which is not emulated.")
    return Statement(
        policy=name,
        index=index,
        sid=body.get("Sid") or None,
        allow=body["Effect"] == "Allow",
        actions=_texts(body.get("Action", body.get("NotAction"))),
        resources=_texts(body.get("Resource", body.get("NotResource", "*"))),
        conditions=_conditions(body.get("Condition", {}), variables),
        principals=None if principal is None else _principals(name, principal),
        not_actions="NotAction" in body,
        not_resources="NotResource" in body,
        not_principals="NotPrincipal" in body,
        variables=variables,
        text=body,
    )


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in listed)


def _conditions(block: Mapping[str, Mapping[str, Any]], variables: bool) -> tuple[Condition, ...]:
    return tuple(
        parse(operator, key, _texts(values), variables=variables)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _principals(name: str, principal: Any) -> tuple[tuple[str, str], ...]:
    if principal == "*":
        return (("AWS", "*"),)
    if not isinstance(principal, Mapping) or (set(principal) - _PRINCIPALS):
        raise EmbeddedError(f"The policy {name!r} names a principal that is not emulated: {principal!r}.")
    return tuple((kind, value) for kind, values in principal.items() for value in _texts(values))
