"""Whether a resource's own policy denies an action to all but some, or under some conditions to all."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.access import Invariant
from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import matches
from stackproof.graph.iam.documents import Kind, Statement, documents, statements
from stackproof.graph.iam.principals import parameter
from stackproof.graph.statements import resource_policies
from stackproof.graph.values import known
from stackproof.graph.wildcards import covers
from stackproof.template.model import Resource
from stackproof.template.references import display, inside

_POLICIES_APART = ("AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue")
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
        for statement in _of(graph, resource)
    )


def _of(graph: Graph, resource: Resource) -> Iterator[Statement]:
    """The statements of a resource's own policy and of those that are put on it."""
    yield from statements(graph, resource, Kind.RESOURCE, Kind.KEY)
    if resource.type in _POLICIES_APART:
        for one in resource_policies(graph, resource):
            yield Statement(holder=one.holder, kind=Kind.RESOURCE, path=one.path, body=one.body)
        return
    for name, found in documents(graph, Kind.RESOURCE).items():
        if name != resource.logical_id and any(
            reference.target == resource.logical_id for reference in inside(found[0].holder.properties)
        ):
            yield from statements(graph, found[0].holder, Kind.RESOURCE)


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
            exempt |= {_exact(graph, value) for value in map(known, values) if isinstance(value, str)}
        else:
            rest.setdefault(operator.lower(), {})[key.lower()] = sorted(map(_plain, values))
    if rest != _wanted(invariant.when):
        return False
    return bool(invariant.when) or exempt == {principal_arn(graph, name) for name in invariant.only}


def principal_arn(graph: Graph, name: str) -> str:
    """The ARN of a role (in the common form), or what a parameter says; any other name as it is."""
    resource = graph.resources.get(name)
    if resource is not None:
        return arn(graph, resource)
    value = parameter(graph, name)
    return value if isinstance(value, str) else name


def _exact(graph: Graph, value: str) -> str:
    """A principal's ARN in the common form where it stands for one of this stack; a literal one keeps its account."""
    return common(graph, value) if any(inside(value)) else value


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
    value = known(value)
    return str(value).lower() if isinstance(value, bool) else display(str(value))
