"""Policies as AWS's guides write them raise no alarm; the stack complies with every rule on access."""

from pathlib import Path

import pytest
import yaml

from stackproof import deployment
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.protocol import Subject
from stackproof.findings.outcome import Outcome
from stackproof.gate.access import load
from stackproof.template.expand import expand
from stackproof.template.read import read

ROOT = Path(__file__).parents[3]
GRAPH = ROOT / "policies" / "graph"
THRESHOLDS = yaml.safe_load((GRAPH.parent / "thresholds.yaml").read_text(encoding="utf-8"))
OTHERS = ("access_invariants", "kms_key_policy", "lambda_permission_source")
RULES = [load_rule(path) for path in sorted(GRAPH.glob("*.py")) if path.stem.startswith("iam_") or path.stem in OTHERS]


def findings(template, access=None) -> list[tuple[str, str | None, str]]:
    engine = GraphEngine({"it": access})
    results = engine.judge(Subject(key="it", template=template, rendered={}), RULES, THRESHOLDS)
    return [(one.rule.rule, one.resource, one.message) for one in results if one.outcome is not Outcome.PASS]


def test_policies_as_the_guides_write_them() -> None:
    (template,) = expand(read(Path(__file__).with_name("correct.yaml")))
    assert findings(template) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_stack_complies(environment) -> None:
    given = deployment.load(ROOT / "template" / "environments" / f"{environment}.yaml").parameters
    access = load(ROOT / "template" / "access.yaml")
    for template in expand(read(ROOT / "template" / "stack.yaml"), given):
        assert findings(template, access) == []
