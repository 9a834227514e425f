"""Whatever stands in a template, the rules on alarms, tags and logs neither crash on it nor take nonsense for good."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines.cases import Case, load_cases
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.read import source

POLICIES = Path(__file__).parents[2] / "policies"
THRESHOLDS = yaml.safe_load((POLICIES / "thresholds.yaml").read_text(encoding="utf-8"))
RULES = sorted(
    path.stem
    for prefix in ("alarm_", "dashboard_", "function_log", "required_tags", "tag_propagation", "s3_access", "vpc_flow")
    for path in (POLICIES / "graph").glob(f"{prefix}*.py")
)
UNKNOWN = {"Ref": "NotGiven"}
ODD: list[Any] = [7, True, -1, 1.5, "x", "", "{", [], [[]], [{}], [None], {}, {"a": 1}, None, UNKNOWN, [UNKNOWN]]
TRIES = 150  # of each rule, drawn from its cases by a fixed seed


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _spoilt(case: Case, draw: random.Random) -> str:
    """A case's template with something odd at a place below the properties of one of its resources."""
    data = json.loads(json.dumps(case.source.data))
    data.setdefault("Parameters", {})["NotGiven"] = {"Type": "String"}
    places = [path for path in _paths(data["Resources"]) if len(path) > 2 and path[1] == "Properties"]
    if places:
        place = draw.choice(places)
        spot = data["Resources"]
        for step in place[:-1]:
            spot = spot[step]
        spot[place[-1]] = draw.choice(ODD)
    return json.dumps(data)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_never_crashes_on_odd_values(name) -> None:
    draw = random.Random(name)
    rule = load_rule(POLICIES / "graph" / f"{name}.py")
    cases = [case for case in load_cases(POLICIES / "graph" / f"{name}.yaml") if case.kind in ("good", "unknown")]
    for _ in range(TRIES):
        text = _spoilt(draw.choice(cases), draw)
        try:
            templates = expand(source(text, "odd.json"))
        except TemplateError:
            continue
        for template in templates:
            list(GraphEngine().judge(Subject(key="odd", template=template, rendered=None), [rule], THRESHOLDS))
