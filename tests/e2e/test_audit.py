"""The scenarios of the area `audit`, under IAM enforcement."""

from pathlib import Path

import pytest

from stackproof.flow.run import Stage
from stackproof.flow.scenario import Scenario, load

TEMPLATE = Path(__file__).parents[2] / "template"
SCENARIOS = [s for s in load(TEMPLATE / "scenarios.yaml").scenarios if s.area == "audit"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(stage: Stage, scenario: Scenario) -> None:
    assert stage.play(scenario) == []
