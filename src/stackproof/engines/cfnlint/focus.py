"""Judging a few resources of a template, with the whole of it as context: for mutation, which changes one at a time.

What it guarantees: every match that judging the whole template gives at a resource in focus is given, with the same
place and message; a test holds it against whole runs. Rules on the template as a whole, on parameters, conditions,
mappings and outputs, and all rules of ours run in full. Only the walk of cfn-lint through the schemas (E3001 and what
hangs on it) is cut down: to the resources in focus, those that refer to one or are referred to by one, and, where
rules compare resources of one type with each other (subnets that overlap), all of that type.

What it does not see: a match at a resource out of focus, which a change in focus may well cause two references away, or
which a change of a parameter, mapping or condition causes. Who needs to know that nothing is wrong judges the whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# Types whose resources rules compare while they walk: E3060 and E3059, E3064, E3022.
_COMPARED = frozenset({"AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint", "AWS::EC2::SubnetRouteTableAssociation"})
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
    """Keep these resources and what goes with them in focus; gives the logical ids that are judged, None for all."""
    global _in_focus
    _in_focus = None if logical_ids is None or not cfn.graph else frozenset(_with_company(cfn, logical_ids))
    try:
        yield _in_focus
    finally:
        _in_focus = None


def _with_company(cfn: Any, logical_ids: Sequence[str]) -> Iterator[str]:
    graph = cfn.graph.graph
    types = {str(name): body.get("Type") for name, body in cfn.get_resources().items()}
    for name in logical_ids:
        yield name
        if name in graph:
            yield from (str(node) for node in graph.predecessors(name))
            yield from (str(node) for node in graph.successors(name))
    compared = _COMPARED.intersection(types.get(name) for name in logical_ids)
    yield from (name for name, kind in types.items() if kind in compared)
