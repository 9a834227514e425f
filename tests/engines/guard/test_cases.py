"""Every rule holds to its cases, none passes on what is not known, and the Hook bundle judges as the engine does."""

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from stackproof.engines.cases import Case, load_cases, verdict
from stackproof.engines.guard import hook_bundle
from stackproof.engines.protocol import Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.template.render import UNKNOWN
from tests.engines.guard.conftest import POLICIES, RULES, rendered_subject

CASES = [case for rule in RULES for case in load_cases(POLICIES / "guard" / f"{rule}.yaml")]
IDS = [f"{case.rule}-{case.kind}-{case.name}" for case in CASES]
NOT_KNOWN = f"{UNKNOWN}parameter P has no value>"
NONSENSE = "nonsense"


@pytest.fixture(scope="module")
def judge(engine, thresholds):
    def run(subjects: list[Subject]):
        task = Task(policies=POLICIES, rules=RULES, thresholds=thresholds, subjects=subjects)
        done = engine.run(task)
        assert done.failures == {}
        assert done.rules == len(RULES)
        return done.results

    return run


@pytest.fixture(scope="module")
def judged(judge):
    return judge([subject for case in CASES for subject in case.subjects()])


def of_case(case: Case, judged) -> list[Any]:
    return [result for subject in case.subjects() for result in judged[subject.key] if result.rule.rule == case.rule]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_rule_holds_to_its_case(case: Case, judged) -> None:
    assert verdict(case, of_case(case, judged)) == ""


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_good_bad_unknown_and_other_cases(rule: str) -> None:
    assert {case.kind for case in CASES if case.rule == rule} == {"good", "bad", "unknown", "not_applicable"}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_finding_speaks_and_points_into_the_original(case: Case, judged) -> None:
    for result in of_case(case, judged):
        if result.outcome is Outcome.PASS:
            assert result.message == ""
            continue
        assert result.message
        assert "Check was not compliant" not in result.message
        assert result.path[:2] == ("Resources", result.resource)
        data: Any = case.source.data
        for step in result.path:  # each step is there, but for a resource without Properties
            assert step in data or isinstance(step, int) or result.path[2:] == ("Properties",), result.path
            data = data[step] if isinstance(step, int) or step in data else {}


def scalars(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything below, containers too."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        yield (*path, step)
        yield from scalars(child, (*path, step))


def replaced(rendered: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(rendered)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


def named_properties(rule: str) -> set[str]:
    return set(re.findall(r"\w+", (POLICIES / "guard" / f"{rule}.guard").read_text(encoding="utf-8")))


def with_each_value_replaced(case: Case, value: Any) -> Iterator[tuple[Subject, str, tuple[Any, ...]]]:
    """The case's templates with each value below a property that the rule names replaced in turn."""
    named = named_properties(case.rule)
    for subject in case.subjects():
        for name, resource in subject.rendered["Resources"].items():
            for path in scalars(resource["Properties"]):
                if not named.isdisjoint(map(str, path)):
                    whole = ("Resources", name, "Properties", *path)
                    key = f"{subject.key}-{'-'.join(map(str, whole))}"
                    yield rendered_subject(subject, key, replaced(subject.rendered, whole, value)), name, whole


def outcomes(results: Any, rule: str, name: str) -> set[Outcome]:
    return {result.outcome for result in results if result.rule.rule == rule and result.resource == name}


def test_what_is_not_known_passes_only_where_anything_would(judge) -> None:
    good = [case for case in CASES if case.kind == "good"]
    unknown = [(case, *item) for case in good for item in with_each_value_replaced(case, NOT_KNOWN)]
    nonsense = [(case, *item) for case in good for item in with_each_value_replaced(case, NONSENSE)]
    assert len(unknown) > 300
    of_unknown = judge([subject for _, subject, *_ in unknown])
    of_nonsense = judge([subject for _, subject, *_ in nonsense])
    bad = {}
    for case, subject, name, path in unknown:
        found = outcomes(of_unknown[subject.key], case.rule, name)
        if found == {Outcome.UNKNOWN}:
            continue
        if found != outcomes(of_nonsense[subject.key], case.rule, name) or Outcome.FAIL in found:
            bad[(case.rule, case.name, *path)] = found
    assert bad == {}


def is_of_reference(path: tuple[Any, ...]) -> bool:
    return any(str(step) == "Ref" or str(step).startswith("Fn::") for step in path)


# Strings of which any other would do as well.
FREE = {"Region", "A", "KeySpec", "Origin", "LogGroupClass"}


def test_value_in_a_list_does_not_pass(judge) -> None:
    """Guard compares lists item by item, so that [true] is true: the rules must not take it for a value."""
    changed = []
    for case in CASES:
        for subject in case.subjects() if case.kind == "good" else ():
            for name, resource in subject.rendered["Resources"].items():
                for path in scalars(resource["Properties"]):
                    value = resource["Properties"]
                    for step in path:
                        value = value[step]
                    if isinstance(value, dict | list) or is_of_reference(path) or FREE.intersection(map(str, path)):
                        continue
                    if path[0] in named_properties(case.rule):
                        whole = ("Resources", name, "Properties", *path)
                        listed = replaced(subject.rendered, whole, [value])
                        changed.append((case, rendered_subject(subject, f"list-{len(changed)}", listed), name, whole))
    results = judge([subject for _, subject, *_ in changed])
    assert {case.rule for case, *_ in changed} == set(RULES)
    passed = [
        (case.rule, case.name, path)
        for case, subject, name, path in changed
        if outcomes(results[subject.key], case.rule, name) == {Outcome.PASS}
    ]
    assert passed == []


def test_bad_value_that_is_not_known_instead_does_not_pass(judge, judged) -> None:
    """At each place where a rule fails, and at each value around it."""
    changed = []
    for case in CASES:
        for subject in case.subjects() if case.kind == "bad" else ():
            for result in judged[subject.key]:
                if result.rule.rule != case.rule or result.outcome is not Outcome.FAIL:
                    continue
                resource = subject.rendered["Resources"][result.resource]
                for path in scalars(resource):
                    if (
                        path[0] == "Properties"
                        and subject.template.resources[result.resource].origin(*path) == result.path
                    ):
                        whole = ("Resources", result.resource, *path)
                        key = f"{subject.key}-{len(changed)}"
                        changed.append(
                            (rendered_subject(subject, key, replaced(subject.rendered, whole, NOT_KNOWN)), result)
                        )
    assert {result.rule.rule for _, result in changed} == set(RULES)
    results = judge([subject for subject, _ in changed])
    passed = [
        (subject.key, result.path)
        for subject, result in changed
        if outcomes(results[subject.key], result.rule.rule, result.resource) in ({Outcome.PASS}, set())
    ]
    assert passed == []


def test_hook_bundle_judges_whole_templates_alike(binary, thresholds, judged) -> None:
    """As a stack Hook would: all rules in one text, all resources in one document."""
    subjects = [(case, subject) for case in CASES for subject in case.subjects()]
    documents = [json.dumps(subject.rendered) for _, subject in subjects]
    answer = subprocess.run(
        [binary, "validate", "--payload", "--structured", "-o", "json", "-S", "none"],
        input=json.dumps({"rules": [hook_bundle(POLICIES, thresholds)], "data": documents}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 19, answer.stderr
    reports = json.loads(answer.stdout)
    assert sorted(
        reports[0]["not_applicable"]
        + reports[0]["compliant"]
        + [n["Rule"]["name"] for n in reports[0]["not_compliant"]]
    ) == sorted(RULES)
    for (case, subject), report in zip(subjects, reports, strict=True):
        found = {r.outcome for r in judged[subject.key] if r.rule.rule == case.rule}
        failed = case.rule in [item["Rule"]["name"] for item in report["not_compliant"]]
        if Outcome.FAIL in found:
            assert failed, subject.key
        elif Outcome.UNKNOWN not in found:  # Guard alone knows no third outcome
            assert not failed, subject.key
