"""Templates of any shape: the rules of network and delivery never fail, and take nothing unknown for good."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines.cases import load_cases
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.template.model import Template, Unknown

ROOT = Path(__file__).parents[3]
GRAPH = ROOT / "policies" / "graph"
THRESHOLDS = yaml.safe_load((ROOT / "policies" / "thresholds.yaml").read_text(encoding="utf-8"))
RULES = [
    *("open_ingress", "explicit_egress", "private_compute", "vpc_endpoint_policy", "public_addresses", "several_zones"),
    *("function_failure_destination", "event_target_failure", "dead_letter_retention", "job_queue_time_limits"),
]
ODD: list[Any] = [
    *(3, True, "", "x", -1, "0", None, [], {}, [[]], [{}], [None], {"a": {"b": [1]}}, ["a", 3, {}]),
    *(Unknown("odd"), [Unknown("odd")], {"Fn::X": 1}, "\ue100Nope.Arn\ue101"),
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*path, step)
        yield from places(item, (*path, step))


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    result = copy.copy(value)
    result[path[0]] = changed(value[path[0]], path[1:], new)
    return result


def odd_ones(template: Template) -> Iterator[Template]:
    for name, one in template.resources.items():
        for number, path in enumerate(places(dict(one.properties))):
            for value in ODD[number % 3 :: 3]:  # each place with a third of them, each value at a third of the places
                other = replace(one, properties=changed(dict(one.properties), path, value))
                yield replace(template, resources={**template.resources, name: other})


@pytest.mark.parametrize("name", RULES)
def test_no_shape_breaks_a_rule(name: str) -> None:
    rule, engine = load_rule(GRAPH / f"{name}.py"), GraphEngine()
    for case in load_cases(GRAPH / f"{name}.yaml"):
        for template in odd_ones(case.subjects()[0].template):
            list(engine.judge(Subject(key="odd", template=template, rendered={}), [rule], THRESHOLDS))
