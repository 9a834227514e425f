"""`stackproof rules`: every rule with its control, and the self-check."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stackproof.catalogue import check, default_policies, load
from stackproof.cli.rules import command

CATALOGUE = load(default_policies())
RULES = [(control.id, rule) for control in CATALOGUE.controls.values() for rule in control.rules]


def rules(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_table_has_every_rule_in_a_line_with_its_control_area_and_severity() -> None:
    result = rules()
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    for name, rule in RULES:
        control = CATALOGUE.control(name)
        assert [rule.engine, rule.rule, name, str(control.area), str(control.severity)] in [line[:5] for line in lines]
    assert result.output.endswith(f"\n{len(RULES)} rules of {len(CATALOGUE.controls)} controls.\n")


def test_json_says_where_a_rule_and_its_cases_are() -> None:
    document = json.loads(rules("--format", "json").output)
    assert document["schema"] == "stackproof.rules/1"
    assert [(one["engine"], one["rule"]) for one in document["rules"]] == [(r.engine, r.rule) for _, r in RULES]
    by_rule = {one["rule"]: one for one in document["rules"]}
    assert by_rule["CKV_STACKPROOF_BATCH_TIMEOUT"] == {
        "engine": "checkov",
        "rule": "CKV_STACKPROOF_BATCH_TIMEOUT",
        "control": "resilience-job-timeouts",
        "area": "resilience",
        "severity": str(CATALOGUE.control("resilience-job-timeouts").severity),
        "built_in": False,
        "file": "checkov_checks/batch_timeout.py",
        "cases": "checkov_checks/batch_timeout.yaml",
    }
    assert (by_rule["CKV_AWS_53"]["built_in"], by_rule["CKV_AWS_53"]["file"]) == (True, None)


def test_it_narrows_to_an_engine_and_an_area() -> None:
    document = json.loads(rules("--engine", "graph", "--area", "network", "--format", "json").output)
    assert {(one["engine"], one["area"]) for one in document["rules"]} == {("graph", "network")}
    assert "vpc_flow_logs" in {one["rule"] for one in document["rules"]}
    assert rules("--engine", "schema").output.endswith("1 rule of 1 control.\n")


@pytest.mark.parametrize("wrong", [("--engine", "guard"), ("--area", "iams"), ("--format", "xml")])
def test_what_is_not_there_is_usage(wrong: tuple[str, str]) -> None:
    assert rules(*wrong).exit_code == 2


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_policies(), tmp_path / "mine"))


def test_missing_files_show_in_the_table(mine: Path) -> None:
    (mine / "graph" / "s3_tls_only.yaml").unlink()
    (mine / "guard" / "s3_versioning.guard").unlink()
    rows = {line.split()[1]: line.split()[-2:] for line in rules("--policies", str(mine)).output.splitlines() if line}
    assert rows["s3_tls_only"] == ["there", "missing"]
    assert rows["s3_versioning"] == ["missing", "there"]


def test_check_says_what_is_missing_and_fails(mine: Path) -> None:
    (mine / "guard" / "s3_versioning.guard").unlink()
    result = rules("--check", "--policies", str(mine))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "guard/s3_versioning.guard: missing, although a control names cfn-guard:s3_versioning.\n" in result.stderr
    assert result.stderr.endswith(f" to mend in {mine}.\n")


def test_check_passes_what_is_whole(mine: Path) -> None:
    for sentence in check(mine):
        (mine / sentence.partition(":")[0]).with_suffix(".yaml").write_text(
            f"rule: {Path(sentence.partition(':')[0]).stem}\ngood: {{a: {{}}}}\nbad: {{a: {{at: [A]}}}}\n"
            "not_applicable: {a: {}}\n"
        )
    result = rules("--check", "--policies", str(mine))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Nothing is missing: {len(CATALOGUE.controls)} controls, {len(RULES)} rules.\n"


def test_our_own_policies_are_whole() -> None:
    assert check(default_policies()) == []
