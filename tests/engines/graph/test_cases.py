"""Every rule of the graph engine holds to its cases."""

from pathlib import Path

import pytest

from stackproof.engines.cases import Case, load_cases, verdict
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.gate.access import read_access

GRAPH = Path(__file__).parents[3] / "policies" / "graph"
CASES = [case for path in sorted(GRAPH.glob("*.py")) for case in load_cases(path.with_suffix(".yaml"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.kind}-{case.name}")
def test_rule_holds_to_its_case(case: Case, thresholds) -> None:
    subjects = case.subjects()
    access = read_access(Path("access.yaml"), case.access, {}) if case.access else None
    engine = GraphEngine(access={subject.key: access for subject in subjects})
    rule = load_rule(GRAPH / f"{case.rule}.py")
    results = [result for subject in subjects for result in engine.judge(subject, [rule], thresholds)]
    assert verdict(case, results) == ""
