"""Each rule holds to its cases, points at what is there, and never shows a secret."""

from pathlib import Path

import pytest

from stackproof.engines.cases import Case, load_cases, verdict
from stackproof.findings.outcome import Outcome
from tests.engines.cfnlint.conftest import POLICIES, RULES, failing, passing, place, subject, task

CASES = [case for rule in RULES for case in load_cases(POLICIES / "cfnlint_rules" / f"{rule}.yaml")]
IDS = [f"{case.rule}-{case.kind}-{case.name}" for case in CASES]
SECRETS = ("hunter2", "letmein", "abc123def", "AKIA", "wJalr", "ghp_", "changeme", "SuperSecret", "f00ba4", "9aXk2")


def key(case: Case) -> str:
    return f"{case.rule}-{case.kind}-{case.name}"


@pytest.fixture(scope="module")
def judged(engine):
    subjects = [subject(case.source.text, key(case), path=f"{key(case)}.json") for case in CASES]
    run = engine.run(task(*subjects, rules=RULES))
    assert run.failures == {}
    assert run.rules == len(RULES)
    return run.results


def of_case(case: Case, judged):
    return [result for result in judged[key(case)] if result.rule.rule == case.rule]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_rule_holds_to_its_case(case, judged):
    assert verdict(case, of_case(case, judged)) == ""


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_finding_points_into_the_template_and_keeps_the_secret(case, judged):
    for result in of_case(case, judged):
        if result.outcome is Outcome.PASS:
            continue
        place(case.source.data, result.path)
        assert result.line == case.source.span(result.path).line
        assert result.path[1] == result.resource
        assert not [secret for secret in SECRETS if secret in result.message], result.message


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_good_bad_and_other_cases(rule):
    assert {case.kind for case in CASES if case.rule == rule} >= {"good", "bad", "not_applicable"}


def test_ordinary_template_has_no_secrets(engine):
    """A template that handles secrets as it should, in many of the ways in which that is done."""
    text = (Path(__file__).parent / "ordinary.yaml").read_text(encoding="utf-8")
    run = engine.run(task(subject(text), rules=RULES))
    assert failing(run) == set()
    assert {("E9001", "F"), ("E9003", "I"), ("E9002", "DBMasterUserPassword")} <= passing(run)
