"""Whatever stands in a policy, the rules on access neither crash on it nor take what is not known for good."""

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines.cases import Case, load_cases
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.findings.outcome import Outcome
from stackproof.gate.access import read_access
from stackproof.template.model import Unknown

GRAPH = Path(__file__).parents[3] / "policies" / "graph"
THRESHOLDS = yaml.safe_load((GRAPH.parent / "thresholds.yaml").read_text(encoding="utf-8"))
RULES = sorted(
    path.stem
    for path in GRAPH.glob("*.py")
    if path.stem.startswith("iam_") or path.stem in ("access_invariants", "kms_key_policy", "lambda_permission_source")
)
ODD = [7, True, "x", [], [[]], [{}], [None], {}, {"Ref": 1}, None, "{", 1.5, {"AWS": {"a": 1}}, [7, None]]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield (*path, step)
        yield from paths(child, (*path, step))


def changed(subject: Subject, name: str, path: tuple[Any, ...], value: Any) -> Subject:
    """The subject with another value at a path below the properties of a resource."""
    resource = subject.template.resources[name]
    properties = copy.deepcopy(dict(resource.properties))
    node: Any = properties
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    resources = {**subject.template.resources, name: dataclasses.replace(resource, properties=properties)}
    return dataclasses.replace(subject, template=dataclasses.replace(subject.template, resources=resources))


def places(rule: str, *kinds: str) -> Iterator[tuple[Case, Subject, str, tuple[Any, ...]]]:
    """Each value of the rule's cases."""
    for case in load_cases(GRAPH / f"{rule}.yaml"):
        for subject in case.subjects()[:1] if case.kind in kinds else ():
            for name, resource in subject.template.resources.items():
                for path in paths(dict(resource.properties)):
                    yield case, subject, name, path


@pytest.fixture(params=RULES)
def judge(request):
    rule = load_rule(GRAPH / f"{request.param}.py")

    def run(case: Case, subject: Subject) -> set[tuple[str | None, Outcome]]:
        access = read_access(Path("access.yaml"), case.access, {}) if case.access else None
        engine = GraphEngine({subject.key: access})
        return {(one.resource, one.outcome) for one in engine.judge(subject, [rule], THRESHOLDS)}

    run.rule = request.param
    return run


def test_odd_shapes_do_not_crash(judge) -> None:
    tried = 0
    for case, subject, name, path in places(judge.rule, "good", "bad"):
        for value in (ODD[tried % len(ODD)], ODD[(tried + 5) % len(ODD)]):
            judge(case, changed(subject, name, path, value))
        tried += 1
    assert tried


def test_what_is_not_known_does_not_pass_where_nonsense_fails(judge) -> None:
    passed = []
    for case, subject, name, path in places(judge.rule, "good"):
        fails = any(outcome is Outcome.FAIL for _, outcome in judge(case, changed(subject, name, path, "nonsense")))
        unknown = judge(case, changed(subject, name, path, Unknown("parameter P has no value")))
        if fails and {outcome for _, outcome in unknown} <= {Outcome.PASS}:
            passed.append((case.name, name, path))
    assert passed == []
