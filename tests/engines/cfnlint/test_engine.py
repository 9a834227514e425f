"""What the engine says of a template: population, places, parameters; nothing inside or around it hides a match."""

import json
from datetime import date

import pytest

from stackproof.engines.cfnlint import CfnLintEngine
from stackproof.engines.protocol import Subject
from stackproof.findings.outcome import Outcome
from stackproof.template.model import Source, Template
from tests.engines.cfnlint.conftest import ALL, RUNTIMES, STACK, deployment, failing, passing, subject, task

FAULTY = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicNam: orders
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Nowhere
"""
FOUND = {
    ("E3002", "Topic", ("Resources", "Topic", "Properties", "TopicNam"), 5),
    ("E3005", "Queue", ("Resources", "Queue", "DependsOn"), 8),
}


def function(runtime: str) -> str:
    return json.dumps(
        {
            "Resources": {
                "F": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Runtime": runtime,
                        "Handler": "a.b",
                        "Role": "arn:aws:iam::111122223333:role/runner",
                        "Code": {"S3Bucket": "artifacts", "S3Key": "code.zip"},
                    },
                },
                "Container": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "PackageType": "Image",
                        "Code": {"ImageUri": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/x:1"},
                        "Role": "arn:aws:iam::111122223333:role/runner",
                    },
                },
            }
        },
        indent=1,
    )


def test_finding_has_rule_resource_path_and_line_and_the_rest_passes(engine):
    run = engine.run(task(subject(FAULTY + "  Fine:\n    Type: AWS::SNS::Topic\n")))
    assert failing(run) == FOUND
    assert passing(run) == {("E", "Fine"), ("W", "Fine"), ("W", "Topic"), ("W", "Queue")}
    assert run.failures == {}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_stack_passes_but_for_local_code(engine, name):
    environment = STACK.parent / "environments" / f"{name}.yaml"
    run = engine.run(task(subject(STACK.read_text(encoding="utf-8"), environment=environment, path=str(STACK))))
    assert run.failures == {}
    functions = {"SubmitFunction", "MonitorFunction", "NotificationFunction"}
    assert {(rule, resource) for rule, resource, *_ in failing(run)} == {("W3002", name) for name in functions}
    passed = passing(run)
    assert {(rule, name) for rule in RUNTIMES for name in functions} <= passed
    assert {("E9001", "SubmitFunction"), ("E9003", "LaunchTemplate"), ("E9004", "JobDefinition")} <= passed
    assert {("E", name) for name in functions} <= passed


def test_informational_matches_are_told_apart(engine):
    text = """\
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      BillingMode: PAY_PER_REQUEST
"""
    run = engine.run(task(subject(text)))
    assert failing(run) == set()
    assert ("I3011", "Table") in {(r.rule.rule, r.resource) for r in run.informational["one"]}


def test_runtimes_are_judged_by_the_day_of_the_run():
    expected = {"go1.x": {"E2531"}, "python3.9": {"W2531"}, "nodejs12.x": {"E2533"}, "python3.13": set()}
    with CfnLintEngine(today=date(2026, 11, 25)) as engine:
        run = engine.run(task(*(subject(function(runtime), runtime) for runtime in expected)))
        engine.today = date(2029, 7, 1)
        later = engine.run(task(subject(function("python3.13"))))
    for runtime, rules in expected.items():
        assert {name for name, *_ in failing(run, runtime)} == rules
        judged = {(name, resource) for name, resource in passing(run, runtime) if name in RUNTIMES}
        assert judged == {(name, "F") for name in {*RUNTIMES} - rules}
    assert {(name, resource) for name, resource, *_ in failing(later)} == {("W2531", "F")}


HIDING = [
    "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E, W]\n",
    "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E3002, E3005]\n"
    "      configure_rules: {E3002: {strict: false}}\n",
]


@pytest.mark.parametrize("metadata", HIDING)
def test_metadata_of_the_template_hides_nothing(engine, metadata):
    run = engine.run(task(subject(FAULTY + metadata)))
    assert failing(run) == FOUND


def test_metadata_of_a_resource_hides_nothing(engine):
    ignoring = "    Metadata:\n      cfn-lint:\n        config:\n          ignore_checks: [E, W]\n"
    run = engine.run(task(subject(FAULTY + ignoring.replace("[E, W]", "[E3005, E9001]"))))
    assert failing(run) == FOUND


def test_metadata_hides_no_rule_of_ours(engine):
    text = json.dumps(
        {
            "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["E9001"]}}},
            "Resources": {
                "F": {
                    "Type": "AWS::Lambda::Function",
                    "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["E9001"]}}},
                    "Properties": {"Environment": {"Variables": {"DB_PASSWORD": "hunter2"}}},
                }
            },
        }
    )
    run = engine.run(task(subject(text)))
    path = ("Resources", "F", "Properties", "Environment", "Variables", "DB_PASSWORD")
    assert ("E9001", "F", path, 1) in failing(run)


def test_configuration_files_hide_nothing(monkeypatch, tmp_path):
    for name in (".cfnlintrc", ".cfnlintrc.yaml"):
        (tmp_path / name).write_text("ignore_checks: [E, W]\nregions: [eu-west-1]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with CfnLintEngine() as engine:
        run = engine.run(task(subject(FAULTY)))
    assert failing(run) == FOUND


def test_parameters_are_those_of_the_environment(engine, tmp_path):
    text = """\
Parameters:
  Days:
    Type: Number
    Default: 7
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: !Ref Days
"""
    wrong = deployment(tmp_path, "one.yaml", {"Days": "8"})
    run = engine.run(task(subject(text, "default"), subject(text, "wrong", wrong)))
    assert failing(run, "default") == set()
    assert {(rule, resource) for rule, resource, *_ in failing(run, "wrong")} == {("W1030", "Logs")}


def test_secret_in_the_environment_s_file_is_a_finding(engine, tmp_path):
    text = """\
Parameters:
  DbPassword:
    Type: String
    NoEcho: true
Resources:
  S:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: !Ref DbPassword
"""
    named = deployment(tmp_path, "one.yaml", {"DbPassword": "hunter2"})
    fine = deployment(tmp_path / "..", "one.yaml", {"DbPassword": "{{resolve:secretsmanager:prod/db}}"})
    run = engine.run(task(subject(text, "a", named), subject(text, "b", fine), rules=("E9002",)))
    assert failing(run, "a") == {("E9002", "DbPassword", ("Parameters", "DbPassword"), 2)}
    assert failing(run, "b") == set()


def test_template_that_cfn_lint_can_not_read_is_a_finding_and_nothing_passes(engine):
    text = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Type: AWS::SQS::Queue\n"
    one = Subject(
        key="one",
        template=Template(source=Source(path="one.yaml", text=text, sha256="", data={}, spans={}), resources={}),
        rendered={},
    )
    run = engine.run(task(one))
    assert run.failures == {}
    assert passing(run) == set()
    by_outcome = {outcome: {r.rule.rule for r in run.results["one"] if r.outcome is outcome} for outcome in Outcome}
    assert by_outcome[Outcome.FAIL] == {"E0000"}
    assert {r.line for r in run.results["one"] if r.rule.rule == "E0000"} == {3, 4}
    assert by_outcome[Outcome.UNKNOWN] == {*ALL} - {"E"}


@pytest.mark.parametrize(
    "text",
    [
        "Transform: Company::Macro\n" + FAULTY,
        FAULTY + "  M:\n    Type: AWS::SNS::Topic\n    Properties:\n      Fn::Transform: {Name: Company::Macro}\n",
    ],
)
def test_what_a_macro_makes_is_unknown_and_nothing_passes(engine, text):
    run = engine.run(task(subject(text)))
    assert passing(run) == set()
    unknown = {r.rule.rule for r in run.results["one"] if r.outcome is Outcome.UNKNOWN}
    assert unknown == {*ALL}
    assert {"E3002", "E3005"} <= {name for name, *_ in failing(run)}


def test_transform_that_fails_is_a_finding_and_nothing_passes(engine):
    text = 'Transform: AWS::LanguageExtensions\nResources:\n  "Fn::ForEach::X": [A, [b]]\n'
    run = engine.run(task(subject(text)))
    assert passing(run) == set()
    assert "E0001" in {name for name, *_ in failing(run)}


def test_secrets_in_sam_templates_are_found(engine):
    text = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Environment:
      Variables:
        API_KEY: abc123def456
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      InlineCode: pass
      Environment:
        Variables:
          DB_PASSWORD: hunter2
"""
    run = engine.run(task(subject(text)))
    found = {(rule, resource, path[-1], line) for rule, resource, path, line in failing(run) if rule == "E9001"}
    assert found == {("E9001", "F", "API_KEY", 7), ("E9001", "F", "DB_PASSWORD", 16)}


def test_variants_of_a_template_are_judged_once_and_told_for_each(engine):
    run = engine.run(task(subject(FAULTY, "a"), subject(FAULTY, "b", path="a.yaml")))
    assert failing(run, "a") == failing(run, "b") == FOUND


def test_run_says_what_it_did(engine):
    run = engine.run(task(subject(FAULTY)))
    assert run.version == "1.58.0"
    assert run.rules > 250
    assert {match["rule"] for match in run.raw["one"]["matches"]} >= {"E3002", "E3005"}
