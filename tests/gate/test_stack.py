"""The stack passes its own gate, in every environment, with all four engines; nothing in it is unknown or waived."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def document(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    output = tmp_path_factory.mktemp("gate") / "report.json"
    command = [sys.executable, "-m", "stackproof", "gate", "template/stack.yaml", "--no-cache", "--quiet"]
    result = subprocess.run(
        [*command, "--format", "json", "--output", str(output)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    loaded: dict[str, Any] = json.loads(output.read_text())
    return loaded


def test_both_environments_pass_and_the_run_is_complete(document: dict[str, Any]) -> None:
    assert (document["verdict"], document["scope"], document["errors"]) == (
        "pass",
        {"complete": True, "left_out": []},
        [],
    )
    assert {report["environment"]: report["verdict"] for report in document["reports"]} == {
        "dev": "pass",
        "prod": "pass",
    }


def test_all_four_engines_are_ok(document: dict[str, Any]) -> None:
    expected = dict.fromkeys(("cfn-lint", "cfn-guard", "checkov", "graph"), "ok")
    for report in document["reports"]:
        assert {engine["name"]: engine["status"] for engine in report["engines"]} == expected
        assert all(engine["rules"] for engine in report["engines"])


def test_no_control_is_unknown_waived_or_left_out(document: dict[str, Any]) -> None:
    for report in document["reports"]:
        outcomes = {control["outcome"] for control in report["controls"]}
        assert outcomes == {"pass", "not_applicable"}
        assert report["findings"] == []


def test_what_does_not_apply_is_what_the_stack_does_not_have(document: dict[str, Any]) -> None:
    for report in document["reports"]:
        absent = {control["id"] for control in report["controls"] if control["outcome"] == "not_applicable"}
        assert absent == {
            "encryption-data-services",
            "encryption-in-transit-services",
            "recovery-backups",
            "iam-pass-role",
            "logging-services",
            "lint-waivers",
        }
