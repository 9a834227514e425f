"""Every check of ours holds to its cases, and points into the original template."""

from typing import Any

import pytest

from stackproof.engines.cases import Case, load_cases, verdict
from stackproof.engines.protocol import Task
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result
from tests.engines.checkov.conftest import CUSTOM, POLICIES

FILES = sorted((POLICIES / "checkov_checks").glob("*.yaml"))
CASES = [case for path in FILES for case in load_cases(path)]
IDS = [f"{case.rule.removeprefix('CKV_STACKPROOF_').lower()}-{case.kind}-{case.name}" for case in CASES]


@pytest.fixture(scope="module")
def judged(engine, thresholds):
    subjects = [subject for case in CASES for subject in case.subjects()]
    done = engine.run(Task(policies=POLICIES, rules=CUSTOM, thresholds=thresholds, subjects=subjects))
    assert done.failures == {}
    assert done.rules == len(CUSTOM)
    return done.results


def of_case(case: Case, judged) -> list[Result]:
    return [found for subject in case.subjects() for found in judged[subject.key] if found.rule.rule == case.rule]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_check_holds_to_its_case(case: Case, judged) -> None:
    assert verdict(case, of_case(case, judged)) == ""


@pytest.mark.parametrize("case", [case for case in CASES if "path" in case.extra], ids=str)
def test_finding_points_to_its_place(case: Case, judged) -> None:
    for result in of_case(case, judged):
        if result.outcome is Outcome.FAIL:
            steps = tuple(int(step) if step.isdecimal() else step for step in case.extra["path"].split("/"))
            assert _decided(result.path) == ("Resources", result.resource, *steps)


def _decided(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """A path without the steps of the conditions on its way."""
    kept: list[Any] = []
    steps = iter(path)
    for step in steps:
        if step == "Fn::If":
            next(steps)
        else:
            kept.append(step)
    return tuple(kept)


@pytest.mark.parametrize("rule", CUSTOM)
def test_check_has_every_kind_of_case(rule: str) -> None:
    assert {case.kind for case in CASES if case.rule == rule} == {"good", "bad", "unknown", "not_applicable"}
