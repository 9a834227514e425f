"""JSON and SARIF hold to their schemas, JUnit to its counts; waivers and suppressions are in every format."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from stackproof.findings.outcome import Severity, Verdict
from stackproof.findings.report import GateReport, Scope
from stackproof.reporters import REPORTERS
from tests.reporters.sample import AES, BROKEN, DEV, PASSED, PROD, RICH, SAMPLES, STALE_WAIVER, WAIVED


@pytest.mark.parametrize("sample", SAMPLES)
def test_json_is_the_contract_and_nothing_else(gate_schema, sample: str) -> None:
    gate_schema.validate(json.loads(REPORTERS["json"](SAMPLES[sample])))


def test_json_has_the_keys_of_the_design() -> None:
    document = json.loads(REPORTERS["json"](RICH))
    assert list(document) == ["schema", "verdict", "scope", "errors", "reports"]
    assert list(document["reports"][0]) == ["template", "environment", "verdict", "engines", "controls", "findings"]
    assert list(document["reports"][0]["controls"][0]) == [
        *("id", "title", "area", "severity", "outcome", "rules", "frameworks", "resources")
    ]
    assert list(document["reports"][0]["findings"][0]) == [
        *("rules", "control", "area", "severity", "outcome", "resource", "resource_type", "path", "line", "column"),
        *("message", "fix", "waiver"),
    ]


def test_json_says_where_a_finding_outside_the_template_is_and_when_one_shows() -> None:
    findings = json.loads(REPORTERS["json"](RICH))["reports"][0]["findings"]
    stale = next(found for found in findings if found["control"] == STALE_WAIVER.control)
    assert stale["message"] == f"template/waivers.yaml:9: {STALE_WAIVER.message}"
    assert (stale["line"], stale["column"]) == (None, None)
    assert any(found["message"].endswith(" (when IsProd is false)") for found in findings)


@pytest.mark.parametrize("key", ["verdict", "scope", "errors", "reports"])
def test_the_schema_refuses_what_is_not_the_contract(gate_schema, key: str) -> None:
    document = json.loads(REPORTERS["json"](RICH))
    assert not gate_schema.is_valid({name: value for name, value in document.items() if name != key})
    assert not gate_schema.is_valid(document | {"more": 1})


@pytest.mark.parametrize("sample", SAMPLES)
def test_sarif_holds_to_its_schema(sarif_schema, sample: str) -> None:
    sarif_schema.validate(json.loads(REPORTERS["sarif"](SAMPLES[sample])))


def sarif(report: GateReport) -> dict:
    (run,) = json.loads(REPORTERS["sarif"](report))["runs"]
    return run


def test_sarif_has_rules_places_engines_and_suppressions_for_what_is_waived() -> None:
    run = sarif(RICH)
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["encryption-s3"]["help"]["text"].endswith(f"How to fix: {AES.fix}")
    assert rules["encryption-s3"]["properties"]["security-severity"] == "8.0"
    assert [each["name"] for each in run["tool"]["extensions"]] == ["cfn-lint", "cfn-guard", "checkov", "graph"]
    (aes,) = [found for found in run["results"] if found["properties"]["environments"] == ["prod", "dev"]]
    (place,) = aes["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "template/stack.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["physicalLocation"]["region"]["startLine"] == 123
    assert place["logicalLocations"][0]["name"] == "Inbox"
    for found in run["results"]:
        assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    (waived,) = [found for found in run["results"] if found["suppressions"]]
    assert waived["ruleId"] == WAIVED.control
    assert waived["suppressions"][0]["status"] == "accepted"
    assert WAIVED.waiver
    assert waived["suppressions"][0]["justification"] == WAIVED.waiver.reason


def test_sarif_says_that_a_run_failed_and_why() -> None:
    (invocation,) = sarif(RICH)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    said = [each["message"]["text"] for each in invocation["toolExecutionNotifications"] if each["level"] == "error"]
    assert said[0] == "line 3: found a tab where blanks are due."
    assert any(text.startswith("checkov failed on template/stack.yaml (dev): checkov ended") for text in said)
    assert sarif(PASSED)["invocations"][0]["executionSuccessful"] is True
    assert sarif(BROKEN)["invocations"][0]["executionSuccessful"] is False


def test_fingerprints_survive_lines_that_move_and_engines_that_come_and_go() -> None:
    def prints(report: GateReport) -> list[str]:
        return [found["partialFingerprints"]["stackproofFinding/v1"] for found in sarif(report)["results"]]

    moved = tuple(replace(f, line=(f.line or 0) + 7, rules=f.rules[:1], excerpt=()) for f in PROD.findings)
    one, other = (replace(RICH, reports=(replace(PROD, findings=each),)) for each in (PROD.findings, moved))
    assert prints(one) == prints(other)
    assert len(set(prints(one))) == len(PROD.findings)


def test_what_does_not_fail_the_run_is_a_note_and_skipped() -> None:
    mild = replace(RICH, fail_on=Severity.CRITICAL)
    levels = {found["ruleId"]: found["level"] for found in sarif(mild)["results"]}
    assert levels["encryption-s3"] == "note"
    assert levels["iam-wildcard-actions"] == "error"
    case = next(e for e in junit(mild).iter("testcase") if (e.get("name") or "").startswith("encryption-s3"))
    assert case.find("failure") is None
    assert case.find("skipped") is not None


def junit(report: GateReport) -> ET.Element:
    return ET.fromstring(REPORTERS["junit"](report).encode())


@pytest.mark.parametrize("sample", SAMPLES)
def test_junit_counts_what_it_holds(sample: str) -> None:
    root = junit(SAMPLES[sample])
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for name, tag in (("failures", "failure"), ("errors", "error")):
            assert element.get(name) == str(sum(1 for case in cases if case.find(tag) is not None))


def test_junit_has_a_case_for_each_control_and_environment_and_errors_for_what_broke() -> None:
    suites = {suite.get("name"): suite for suite in junit(RICH).iter("testsuite")}
    assert list(suites) == ["template/stack.yaml (prod)", "template/stack.yaml (dev)", "stackproof gate"]
    for report in (PROD, DEV):
        suite = suites[f"template/stack.yaml ({report.environment})"]
        names = [(case.get("name") or "").partition(":")[0] for case in suite.iter("testcase")]
        assert {control.id for control in report.controls} <= set(names)
    failed = [
        case.get("name")
        for case in suites["template/stack.yaml (dev)"].iter("testcase")
        if case.find("error") is not None
    ]
    assert failed == ["checkov"]
    assert [case.get("name") for case in suites["stackproof gate"].iter("testcase")] == ["other/broken.yaml", "run"]


@pytest.mark.parametrize("report", [BROKEN, replace(BROKEN, errors=()), replace(PASSED, verdict=Verdict.ERROR)])
def test_junit_never_passes_what_is_an_error(report: GateReport) -> None:
    assert int(junit(report).get("errors") or 0) >= 1


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "junit", "markdown", "html"])
def test_waived_findings_are_in_every_format_with_owner_reason_and_end(form: str) -> None:
    text = " ".join(REPORTERS[form](RICH).replace("<!-- -->", "").split())
    waiver = WAIVED.waiver
    assert waiver
    for words in (waiver.reason, waiver.owner, waiver.approver, waiver.expires, "AccessLogs"):
        assert words in text


@pytest.mark.parametrize("form", ["terminal", "sarif", "junit", "markdown", "html"])
def test_suppressions_in_the_template_are_in_every_format_for_people(form: str) -> None:
    text = REPORTERS[form](RICH).replace("\\", "")
    assert "ignore_checks: [W3005]" in text


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "markdown", "html"])
def test_a_narrowed_run_says_what_it_left_out(form: str) -> None:
    text = REPORTERS[form](RICH)
    assert "engine graph" in text.replace("`", "")
    assert "control network-flow-logs" in text.replace("`", "")


def test_many_controls_that_were_left_out_are_counted_on_a_terminal() -> None:
    scope = Scope(complete=False, left_out=("engine graph", "engine checkov", *(f"control c-{i}" for i in range(70))))
    text = REPORTERS["terminal"](replace(RICH, scope=scope))
    assert "  left out: engine graph, checkov\n  left out: 70 controls, those counted as not run;" in text
