"""What IAM keeps and hands out: decisions that were made, external identities, grants. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Decided(NamedTuple):
    """One decision. `principal` is a role's ARN or a service's name; `by` says who asked: `call` (the code), `implied`
    (the service that answers the call: keys, the existence of an object), `service` (an AWS service with the role, or
    as itself). `context` holds what the request itself brought, without the keys that every request has.
    `statements` are the names of those that decided."""

    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...]
    allowed: bool
    statements: tuple[str, ...]
    by: str


@dataclass
class IamState:
    """Part of a session's state. `decisions` counts equal decisions, in the order of their first occurrence."""

    decisions: dict[Decided, int] = field(default_factory=dict)
    external: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One Allow statement of a role: `policy` is the inline policy's name or the managed policy's ARN, `index` the
    statement's place in it (from 0)."""

    role_arn: str
    policy: str
    index: int
    sid: str | None
    statement: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """As decisions name it."""
        return f"{self.policy}/{self.sid or f'#{self.index}'}"
