"""From a call to the permissions that it needs, by the operations table."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.deployed import Deployed
from stackproof.embedded.iam.operations import SERVICES
from stackproof.embedded.iam.operations.entry import Entry, Need, Service, Unknown, Values, View

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def needs(service: str, operation: str, parameters: Mapping[str, Any], deployed: Deployed) -> list[Need]:
    """The permissions that one call needs, each once, in the table's order.

    Raises: EmbeddedError naming an operation that the table does not know.
    """
    table = SERVICES.get(service)
    if table and operation in table.free:
        return []
    parts = table.parts.get(operation) if table else None
    calls = parts(parameters) if parts else [(operation, parameters)]
    found: list[Need] = []
    for name, given in calls:
        entries = [entry for entry in table.entries if entry.operation == name] if table else []
        if not table or not entries:
            raise EmbeddedError(f"No permission is known for {service}:{operation}; add it to iam/operations.")
        view = View(operation=name, parameters=given, deployed=deployed)
        found += [need for entry in entries if entry.is_needed(given) for need in _needs(table, entry, view)]
    return _merged(found)


def unknown_keys(action: str) -> frozenset[str]:
    """Patterns (lower case) of the condition keys that a real request for this action may carry and ours never does.

    Raises: EmbeddedError for an action of a service that the table does not know.
    """
    service = action.partition(":")[0]
    if service not in SERVICES:
        raise EmbeddedError(f"The embedded AWS judges no actions of {service!r} ({action}); add it to iam/operations.")
    return _unknown_keys(service, action)


@cache
def _unknown_keys(service: str, action: str) -> frozenset[str]:
    table = SERVICES[service]
    modelled = {key for entry in table.entries if entry.action == action for key in entry.keys}
    return frozenset(_PLACEHOLDER.sub("*", key).lower() for key in table.unmodelled - modelled)


def _needs(table: Service, entry: Entry, view: View) -> list[Need]:
    context, unknown = _context(table, entry, view)
    resources = table.resources[entry.resource](view) if entry.resource else "*"
    return [
        Need(action=entry.action, resource=resource, context=context, unknown=unknown)
        for resource in ([resources] if isinstance(resources, str) else resources)
    ]


def _context(table: Service, entry: Entry, view: View) -> tuple[dict[str, Values], frozenset[str]]:
    context: dict[str, Values] = {}
    unknown: set[str] = set()
    for key in entry.keys:
        value = table.keys[key](view)
        match value:
            case None:
                pass
            case Unknown():
                unknown.add(key.lower())
            case str():
                context[key.lower()] = (value,)
            case Mapping():
                family = _PLACEHOLDER.sub("", key)
                context |= {f"{family}{name}".lower(): (str(text),) for name, text in value.items()}
            case _:
                context[key.lower()] = tuple(value)
    return context, frozenset(unknown)


def _merged(found: list[Need]) -> list[Need]:
    unique: dict[Any, Need] = {}
    for need in found:
        key = (need.action, need.resource, tuple(sorted(need.context.items())), need.unknown)
        unique.setdefault(key, need)
    return list(unique.values())
