"""Each rule of the catalogue kills at least one fault of the stack or of a fixture."""

from pathlib import Path

import pytest

from stackproof import deployment
from stackproof.findings.result import RuleId
from stackproof.gate.access import load as load_access
from stackproof.mutate import registry
from stackproof.mutate.run import run
from stackproof.mutate.seeding import NAMES, Settings
from stackproof.template.read import read
from tests.mutate.parts import POLICIES, ROOT, catalogue

FIXTURES = Path(__file__).parent / "fixtures"
STACK = ROOT / "template" / "stack.yaml"
FORM = {"wrong-type", "misspell-property", "dangling-reference"}  # hundreds of faults for two prefixes of cfn-lint


def _killers(template: Path, environments: list[str]) -> set[RuleId]:
    settings = Settings(
        catalogue=catalogue(),
        policies=POLICIES,
        rules={name: catalogue().rules_of(name) for name in NAMES},
        operators=[one for one in registry.operators() if one.name not in FORM],
        access=load_access(ROOT / "template" / "access.yaml") if template == STACK else None,
        sample=1 if template == STACK else None,
    )
    given = [deployment.choose(template, name) for name in environments] or [None]
    report = run(read(template), given, settings, lambda *_: None)
    assert report.failures == ()
    return {caught.rule for one in report.judged for caught in one.killed_by}


@pytest.fixture(scope="module")
def killers() -> set[RuleId]:
    found = _killers(STACK, ["prod"])
    for template in sorted(FIXTURES.glob("*.yaml")):
        found |= _killers(template, [])
    return found


@pytest.mark.parametrize("engine", NAMES)
def test_each_rule_kills(killers: set[RuleId], engine: str) -> None:
    idle = [
        name
        for name in catalogue().rules_of(engine)
        if not any(rule.engine == engine and rule.rule.startswith(name) for rule in killers)
    ]
    assert idle == []
