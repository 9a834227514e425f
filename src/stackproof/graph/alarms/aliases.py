"""Functions behind aliases: where all calls go through them, the alarms of the aliases are those of the function."""

import re
from collections.abc import Iterator
from dataclasses import replace

from stackproof.graph.alarms.coverage import Need, gap
from stackproof.graph.delivery.callers import is_call
from stackproof.graph.graph import Edge, Graph
from stackproof.graph.values import known
from stackproof.template.model import Resource
from stackproof.template.references import Reference

_ALIAS = "AWS::Lambda::Alias"


def alias_gap(graph: Graph, function: Resource, need: Need) -> str | None:
    """Why the alarms of a function's aliases do not cover it, None when they do, '' when they have nothing to say: it
    has no aliases, or one of them has no such alarm. A call of an alias is counted with the dimension `Resource`
    (function:alias) too; one of the function itself is not (Lambda, Types of metrics for functions)."""
    names = list(_aliases(graph, function))
    if not names or any(gap(graph, function, _of(function, name, need)) is not None for name in names):
        return ""
    direct = next(_direct_calls(graph, function, names), None)
    return f"only its aliases are watched, and {direct.source} calls the function itself" if direct else None


def _of(function: Resource, alias: str, need: Need) -> Need:
    spelled = [Reference(target=function.logical_id).token, known(function.properties.get("FunctionName"))]
    values = tuple(f"{name}:{alias}" for name in spelled if isinstance(name, str))
    return replace(need, more=(("Resource", values),))


def _aliases(graph: Graph, function: Resource) -> Iterator[str]:
    """The names of the aliases that the template gives a function."""
    for alias in graph.of_type(_ALIAS):
        name = known(alias.properties.get("Name"))
        if isinstance(name, str) and graph.referred(known(alias.properties.get("FunctionName"))) is function:
            yield name


def _direct_calls(graph: Graph, function: Resource, names: list[str]) -> Iterator[Edge]:
    """What calls a function, or lets somebody call it, without an alias."""
    named = rf":(?:{'|'.join(map(re.escape, names))})(?![\w-])"
    for edge in graph.incoming.get(function.logical_id, ()):
        if is_call(graph, edge) and not re.search(named, graph.valued(edge)):
            yield edge
