"""What the engine says of whole templates, what it remembers, and that the rule files are Guard as they stand."""

import json
import subprocess

import pytest

from stackproof.engines.guard import GuardEngine
from stackproof.findings.outcome import Outcome
from tests.engines.guard.conftest import POLICIES, RULES, subject
from tests.engines.guard.fake import calls, fake
from tests.engines.guard.test_failures import TWO, task

SHADOWED = """
Parameters: {Days: {Type: Number}}
Resources:
  Good: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 30, KmsKeyId: !GetAtt Key.Arn}}
  Bad:
    Type: 'AWS::Logs::LogGroup'
    Metadata: {guard: {SuppressedRules: [log_group_retention]}}
    Properties: {RetentionInDays: 1, KmsKeyId: !GetAtt Key.Arn}
  Open: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: !Ref Days, KmsKeyId: !GetAtt Key.Arn}}
  Key: {Type: 'AWS::KMS::Key', Properties: {EnableKeyRotation: true}}
"""


def test_each_resource_is_judged_alone(engine, thresholds) -> None:
    """A good one hides no bad one, a suppression hides nothing, and a rule that does not apply says nothing."""
    done = engine.run(task(thresholds, subject(SHADOWED)))
    found = {(r.rule.rule, r.resource): (r.outcome, r.path) for r in done.results["one"]}
    here = ("Resources", "{}", "Properties", "RetentionInDays")
    assert found == {
        ("kms_key_rotation", "Key"): (Outcome.PASS, ()),
        ("log_group_customer_key", "Good"): (Outcome.PASS, ()),
        ("log_group_customer_key", "Bad"): (Outcome.PASS, ()),
        ("log_group_customer_key", "Open"): (Outcome.PASS, ()),
        ("log_group_retention", "Good"): (Outcome.PASS, ()),
        ("log_group_retention", "Bad"): (Outcome.FAIL, (here[0], "Bad", *here[2:])),
        ("log_group_retention", "Open"): (Outcome.UNKNOWN, (here[0], "Open", *here[2:])),
    }
    said = {r.resource: r.message for r in done.results["one"] if r.message}
    assert "it is 1, and must be at least 30" in said["Bad"]
    assert "parameter Days has no value" in said["Open"]


def test_template_without_anything_to_judge_is_judged(engine, thresholds) -> None:
    done = engine.run(task(thresholds, subject("Resources: {Topic: {Type: 'AWS::IAM::Role'}}")))
    assert (done.results, done.failures, done.rules) == ({"one": ()}, {}, len(RULES))


def test_thresholds_reach_the_rules(engine, thresholds) -> None:
    longer = {**thresholds, "retention": {**thresholds["retention"], "log_days_at_least": 400}}
    group = subject("Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 30}}}")
    for given, outcome in ((thresholds, Outcome.PASS), (longer, Outcome.FAIL), (thresholds, Outcome.PASS)):
        (result,) = engine.run(task(given, group, rules=("log_group_retention",))).results["one"]
        assert result.outcome is outcome


def test_what_is_alike_is_judged_once(tmp_path, thresholds) -> None:
    """In one run, and in all runs of an engine with these rules and this program."""
    engine = GuardEngine(fake(tmp_path))
    alike = subject(TWO.replace("Bucket:", "Other:"), key="two")
    first = engine.run(task(thresholds, subject(TWO), alike))
    assert engine.run(task(thresholds, subject(TWO), alike)) == first
    assert calls(tmp_path) == [2]
    engine.run(task(thresholds, subject(TWO.replace("DelaySeconds: 1", "DelaySeconds: 2"))))
    assert calls(tmp_path) == [2, 1]
    engine.run(task(thresholds, subject(TWO), rules=("s3_versioning",)))
    assert calls(tmp_path) == [2, 1, 1]
    fake(tmp_path, "# another program")
    engine.run(task(thresholds, subject(TWO), rules=("s3_versioning",)))
    assert calls(tmp_path) == [2, 1, 1, 1]


def test_many_documents_go_to_few_processes(tmp_path, thresholds) -> None:
    many = "\n".join(f"  B{i}: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: b{i}}}}}" for i in range(150))
    GuardEngine(fake(tmp_path)).run(task(thresholds, subject(f"Resources:\n{many}")))
    assert sum(calls(tmp_path)) == 150
    assert len(calls(tmp_path)) <= 2


PLAIN = {
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 34},
                "DeletionProtectionEnabled": True,
            },
        }
    }
}


@pytest.mark.parametrize("rule", RULES)
def test_rule_file_is_guard_as_it_stands(binary, rule: str, tmp_path) -> None:
    """As a Hook takes it: with the file's own defaults, on a plain template."""
    (tmp_path / "plain.json").write_text(json.dumps(PLAIN), encoding="utf-8")
    command = [binary, "validate", "-r", POLICIES / "guard" / f"{rule}.guard", "-d", tmp_path / "plain.json"]
    answer = subprocess.run(
        [*command, "--structured", "-o", "json", "-S", "none"], capture_output=True, text=True, check=False
    )
    (report,) = json.loads(answer.stdout)
    failed = [item["Rule"]["name"] for item in report["not_compliant"]]
    expected = {
        "dynamodb_pitr": (19, [rule], [], []),
        "dynamodb_customer_key": (19, [rule], [], []),
        "dynamodb_deletion_protection": (0, [], [rule], []),
    }.get(rule, (0, [], [], [rule]))
    assert (answer.returncode, failed, report["compliant"], report["not_applicable"]) == expected
