"""What is said about one stack's access: who alone may do what to which resource, and which outsiders may come in."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """Only the roles in `only` may do any of `actions` to any of `resources`; () means nobody.

    `actions` are IAM actions, wildcards as IAM reads them ("dynamodb:Delete*"); `resources` and `only` are logical
    ids of the template. `line` is where it stands in the file. """

    id: str
    reason: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    only: tuple[str, ...]
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
