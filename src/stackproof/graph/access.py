"""What is said about one stack's access: who alone may do what to which resource, and which outsiders may come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """Only those in `only` may do any of `actions` to any of `resources`; () means nobody.

    `actions` are IAM actions, wildcards as IAM reads them ("dynamodb:Delete*"). `resources` are logical ids, also
    with a path below them ("Inbox/incoming/*"). `only` are logical ids of roles, or parameters that external
    principals stand in. `denied`: a policy of the resource must deny it to all others besides, whatever their own
    policies say. With `when` (operator -> key -> value) it must be denied to everybody under these conditions, and
    grants are not looked at. `line` is where it stands in the file."""

    id: str
    reason: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    only: tuple[str, ...]
    denied: bool = False
    when: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True, kw_only=True)
class External:
    """A principal outside the stack that may be granted something: the ARN or account id that a parameter has
    (`parameter`), or a literal one (`arn`)."""

    reason: str
    parameter: str | None = None
    arn: str | None = None
    line: int = 1


@dataclass(frozen=True, kw_only=True)
class Access:
    """access.yaml of a stack. `file` is its path."""

    file: str
    invariants: tuple[Invariant, ...] = ()
    external: tuple[External, ...] = ()
