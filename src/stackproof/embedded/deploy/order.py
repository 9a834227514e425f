"""The order in which resources are made: what one names must exist before it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stackproof.embedded.deploy.model import TemplateError

SUBSTITUTED = re.compile(r"\$\{(!?)\s*([^${}!][^${}]*?)\s*\}")
"""A variable in the text of an `Fn::Sub`: `${name}`; with `!` it is literal."""


def references(value: Any, truth: Callable[[str], bool]) -> Iterator[str]:
    """The names that a value refers to (resources, parameters, pseudo parameters), by Ref, GetAtt and Sub.
    Of an `Fn::If` only the branch that `truth` (of a condition's name) chooses counts."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield name
        case {"Fn::GetAtt": [str(name), *rest]} if len(value) == 1:
            yield name
            yield from references(rest, truth)
        case {"Fn::Sub": str(text)} if len(value) == 1:
            yield from _variables(text)
        case {"Fn::Sub": [str(text), dict(variables)]} if len(value) == 1:
            yield from (name for name in _variables(text) if name not in variables)
            yield from references(list(variables.values()), truth)
        case {"Fn::If": [str(condition), then, otherwise]} if len(value) == 1:
            yield from references(then if truth(condition) else otherwise, truth)
        case dict():
            for child in value.values():
                yield from references(child, truth)
        case list():
            for child in value:
                yield from references(child, truth)


def _variables(text: str) -> Iterator[str]:
    return (name.split(".")[0] for literal, name in SUBSTITUTED.findall(text) if not literal)


def order(edges: Mapping[str, set[str]]) -> list[str]:
    """Names so that each comes after all that it needs (`edges`: name -> what it needs); otherwise as given.

    Raises: TemplateError that shows the circle.
    """
    done: dict[str, None] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise TemplateError(f"Circular dependency between resources: {circle}.")
        path.append(name)
        for needed in sorted(edges[name], key=list(edges).index):
            visit(needed)
        path.pop()
        done[name] = None

    for name in edges:
        visit(name)
    return list(done)
