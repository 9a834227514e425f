"""Judging a few resources of a template, with the whole of it as context: for mutation, which changes one at a time.

Rules on the template as a whole, on parameters, conditions, mappings and outputs run in full; the schemas of resources
are walked only for those in focus and for those that refer to one of them or are referred to. What this cannot see:
a match at a resource two references away, and anything that a change of a parameter, mapping or condition does to
resources out of focus (ask for the whole template then).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_in_focus: frozenset[str] | None = None


def install(rules: Any) -> None:
    """Let E3001, which walks the resources, leave out those that are not in focus."""
    rule = rules["E3001"]
    whole = rule._pattern_properties

    def pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Any:
        if _in_focus is not None and list(validator.context.path.path) == ["Resources"]:
            chosen = type(instance)({}, instance.start_mark, instance.end_mark)
            chosen.update({name: value for name, value in instance.items() if name in _in_focus})
            instance = chosen
        return whole(validator, patterns, instance, schema)

    rule.validators["patternProperties"] = pattern_properties


@contextmanager
def on(cfn: Any, logical_ids: Sequence[str] | None) -> Iterator[frozenset[str] | None]:
    """Keep these resources and their neighbours in focus; gives the logical ids that are judged, None for all."""
    global _in_focus  # noqa: PLW0603  the worker judges one template at a time
    _in_focus = None if logical_ids is None or not cfn.graph else frozenset(_with_neighbours(cfn, logical_ids))
    try:
        yield _in_focus
    finally:
        _in_focus = None


def _with_neighbours(cfn: Any, logical_ids: Sequence[str]) -> Iterator[str]:
    graph = cfn.graph.graph
    for name in logical_ids:
        yield name
        if name in graph:
            yield from (str(node) for node in graph.predecessors(name))
            yield from (str(node) for node in graph.successors(name))
