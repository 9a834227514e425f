"""Passing roles: which statements let a role be passed, and to whom."""

from collections.abc import Iterator

from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import is_wildcard
from stackproof.graph.iam.documents import Kind, Statement, documents, statements
from stackproof.graph.iam.grants import Grant
from stackproof.graph.iam.principals import is_positive
from stackproof.graph.values import known
from stackproof.template.model import Resource


def passing(graph: Graph, resource: Resource) -> Iterator[Statement]:
    """The statements of a resource's identity policies that let roles be passed.

    Raises: UnknownValueError, after all that are known.
    """
    for statement in statements(graph, resource, Kind.IDENTITY):
        if statement.allows and Grant(principal="", statement=statement).covers("iam:PassRole"):
            yield statement


def passes(resource: Resource, graph: Graph) -> bool:
    """For a rule's `where`: whether a resource holds such a statement.

    Raises: UnknownValueError.
    """
    return resource.logical_id in documents(graph, Kind.IDENTITY) and any(True for _ in passing(graph, resource))


def is_bound(statement: Statement) -> bool:
    """Whether a condition names the services to which roles may be passed.

    Raises: UnknownValueError.
    """
    return any(
        key.lower() == "iam:passedtoservice"
        and is_positive(operator)
        and all(isinstance(value, str) and not is_wildcard(value) for value in map(known, values))
        for operator, key, values, _ in statement.conditions()
    )
