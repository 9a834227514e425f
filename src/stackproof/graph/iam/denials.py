"""Whether a resource's own policy denies an action to all but some, or under some conditions to all."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.access import Invariant
from stackproof.graph.arns import common, covers
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import matches
from stackproof.graph.iam.documents import Document, Kind, Statement, documents
from stackproof.graph.iam.principals import parameter
from stackproof.template.model import Resource
from stackproof.template.references import display, inside, target

_EXEMPTING = ("arnnotequals", "arnnotlike", "stringnotequals", "stringnotlike")


def is_denied(graph: Graph, resource: Resource, wanted: str, action: str, invariant: Invariant) -> bool:
    """Whether a Deny for everybody covers an action on an ARN pattern; exempt are only those whom the invariant
    names, and the only conditions are the invariant's own.

    Raises: UnknownValueError.
    """
    return any(
        not statement.allows
        and _covers(graph, statement, wanted, action)
        and _is_for_everybody(statement)
        and _conditions_fit(graph, statement, invariant)
        for document in _of(graph, resource)
        for statement in document.statements()
    )


def _of(graph: Graph, resource: Resource) -> list[Document]:
    """The policies of a resource: its own, and those of other resources that refer to it."""
    held = documents(graph, Kind.RESOURCE, Kind.KEY)
    return [
        document
        for name, found in held.items()
        for document in found
        if name == resource.logical_id
        or any(r.target == resource.logical_id for r in inside(document.holder.properties))
    ]


def _covers(graph: Graph, statement: Statement, wanted: str, action: str) -> bool:
    return any(matches(pattern, action) for pattern, _ in statement.texts("Action")) and any(
        covers(common(graph, value), wanted) for value, _ in statement.texts("Resource")
    )


def _is_for_everybody(statement: Statement) -> bool:
    return any(kind == "*" for kind, _, _ in statement.principals())


def _conditions_fit(graph: Graph, statement: Statement, invariant: Invariant) -> bool:
    exempt, rest = set[str](), dict[str, dict[str, Any]]()
    for operator, key, values, _ in statement.conditions():
        if operator.lower() in _EXEMPTING and key.lower() == "aws:principalarn" and not invariant.when:
            exempt |= {target(value) or str(value) for value in values}
        else:
            rest.setdefault(operator.lower(), {})[key.lower()] = sorted(map(_plain, values))
    if rest != _wanted(invariant.when):
        return False
    named = {name if parameter(graph, name) is None else str(parameter(graph, name)) for name in invariant.only}
    return exempt <= named and bool(exempt) == bool(named) if not invariant.when else True


def _wanted(when: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    return {
        operator.lower(): {
            key.lower(): sorted(_plain(v) for v in (value if isinstance(value, list) else [value]))
            for key, value in keys.items()
        }
        for operator, keys in when.items()
    }


def _plain(value: Any) -> str:
    """A value as access.yaml writes it: true as a text, `!GetAtt Key.Arn` as ${Key.Arn}."""
    return str(value).lower() if isinstance(value, bool) else display(str(value))
