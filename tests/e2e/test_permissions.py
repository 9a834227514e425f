"""Grants are what the code uses: without any one Allow statement a named scenario fails."""

from pathlib import Path

import pytest

from stackproof.flow.run import Stage
from stackproof.flow.scenario import Scenario, load

TEMPLATE = Path(__file__).parents[2] / "template"
KNOWN = load(TEMPLATE / "scenarios.yaml")
SCENARIOS = [s for s in KNOWN.scenarios if s.area == "permissions"]
STATEMENTS = [
    (role, statement, KNOWN.named(name))
    for role, statements in KNOWN.permissions.items()
    for statement, name in statements.items()
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(stage: Stage, scenario: Scenario) -> None:
    assert stage.play(scenario) == []


@pytest.mark.parametrize(
    ("role", "statement", "scenario"), STATEMENTS, ids=[f"{role}-{statement}" for role, statement, _ in STATEMENTS]
)
def test_the_scenario_fails_without_the_statement(stage: Stage, role: str, statement: str, scenario: Scenario) -> None:
    stage.reset()
    with stage.session.iam.without(stage.stack.resources[role].arn, statement):
        problems = stage.play(scenario)
    assert problems, f"{scenario.name} does not need {statement} of {role}"


def test_every_statement_of_every_role_that_our_code_runs_under_is_tried(stage: Stage) -> None:
    stage.reset()
    resources = stage.stack.resources
    arns = {r.properties["Role"] for r in resources.values() if r.type == "AWS::Lambda::Function"}
    for job in (r.properties for r in resources.values() if r.type == "AWS::Batch::JobDefinition"):
        arns |= {job["ContainerProperties"]["JobRoleArn"], job["ContainerProperties"]["ExecutionRoleArn"]}
    used = {
        r.logical_id: {grant.name for grant in stage.session.iam.grants(r.arn)}
        for r in resources.values()
        if r.type == "AWS::IAM::Role" and r.arn in arns
    }
    assert {role: set(statements) for role, statements in KNOWN.permissions.items()} == used
