"""The form of the operations table: which permissions an AWS call needs, as data, one file a service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.deployed import Deployed

Values = tuple[str, ...]


class Unknown:
    """Stands for a context value that a real request has and the embedded AWS cannot tell."""


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class View:
    """A call, or one part of it (`TransactWriteItems.Put`), with what can be looked up about it."""

    operation: str
    parameters: Mapping[str, Any]
    deployed: Deployed

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        """An ARN of the account."""
        return self.deployed.account.arn(service, resource, region=region)

    def required(self, name: str) -> str:
        """A text parameter that the mapping cannot do without."""
        value = self.parameters.get(name)
        if not isinstance(value, str) or not value:
            raise EmbeddedError(f"{self.operation} without {name} is not emulated.")
        return value


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One permission that an operation needs: an action on resources of a type ('' where the action knows none).
    `keys` are the condition keys that we supply; `when` names a parameter that must be given (`!Name`: must not)."""

    operation: str
    action: str
    resource: str = ""
    keys: Values = ()
    when: str = ""

    def is_needed(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the call's parameters ask for this permission."""
        if self.when.startswith("!"):
            return not parameters.get(self.when[1:])
        return not self.when or bool(parameters.get(self.when))


Resource = Callable[[View], str | list[str]]
# A mapping fills a family of keys: `aws:RequestTag/${TagKey}` becomes one key for each of its names.
Key = Callable[[View], str | list[str] | Mapping[str, str] | Unknown | None]
Parts = Callable[[Mapping[str, Any]], list[tuple[str, Mapping[str, Any]]]]


@dataclass(frozen=True, kw_only=True)
class Service:
    """All that the table says about one service. `free`: operations that need no permission. `parts`: how a call that
    is made of others splits into them. `unmodelled`: condition keys that real requests may carry and ours do not."""

    name: str
    entries: tuple[Entry, ...]
    resources: Mapping[str, Resource] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    parts: Mapping[str, Parts] = field(default_factory=dict)
    free: frozenset[str] = frozenset()
    unmodelled: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Need:
    """One permission that a call asks for. `context` has lower-case keys; `unknown` are those with no known value.
    `via` names the service that asks a key on the caller's behalf."""

    action: str
    resource: str
    context: Mapping[str, Values] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    via: str = ""


def parameter(name: str) -> Key:
    """A condition key whose value is a parameter of the call, as text."""

    def value(view: View) -> str | None:
        given = view.parameters.get(name)
        return None if given is None else str(given).lower() if isinstance(given, bool) else str(given)

    return value


def constant(text: str) -> Key:
    """A condition key with the same value in every call."""
    return lambda _: text
