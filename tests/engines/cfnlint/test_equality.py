"""The engine finds what cfn-lint's own command line finds: the same rules, places and messages, no more, no less."""

import json
import os
import random
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines.cfnlint.engine import PINNED
from stackproof.engines.cfnlint.session import COMMAND, Session
from stackproof.template.document import parse
from tests.engines.cfnlint.conftest import POLICIES, STACK

CLI = (Path(sys.executable).parent / "cfn-lint").as_posix()
BROKEN = """\
Parameters:
  Unused: {Type: String}
  Size: {Type: String, Default: t3.micro}
  DbPassword: {Type: String, Default: hunter2}
Conditions:
  Prod: !Equals [!Ref "AWS::Region", eu-central-1]
  Never: !Equals [a, b]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicNam: orders, DisplayName: !Sub "plain", Tags: [{Key: a}]}
  Instance:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Retain
    Properties: {MasterUserPassword: !Ref DbPassword, Engine: mysql, DBInstanceClass: !If [Prod, db.x1.nano, !Ref Size]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "sts:AssumeRol", Principal: {Service: x}}]}
      ManagedPolicyArns: !If [Never, [!Ref Topic], !Ref Nowhere]
  Function:
    Type: AWS::Lambda::Function
    DependsOn: [Role, Missing]
    Properties:
      Runtime: python3.9
      Handler: a.b
      Role: !GetAtt Role.Nope
      Code: {ZipFile: x}
      Timeout: 9000
      Environment: {Variables: {DB_PASSWORD: hunter2, LOOP: !GetAtt Function.Arn}}
Outputs:
  Out: {Value: !Join ["", [!Ref Topic]]}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, InlineCode: pass, MemorySize: 1, Environment: {Variables: {API_TOKEN: abc123def456}}}
"""
LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  "Fn::ForEach::Topics":
    - Name
    - [Alpha, Beta]
    - "Topic${Name}": {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name, Wrong: 1}}
"""
BAD: list[Any] = [
    "nonsense", -1, 99999999, True, None, [], {}, {"Ref": "Nowhere"}, {"Ref": "AWS::NoValue"}, {"Ref": "JobsTable"},
    {"Fn::GetAtt": ["JobsTable", "Arn"]}, {"Fn::GetAtt": "JobsTable.Nope"}, {"Fn::Sub": "${Nope}-x"},
    {"Fn::If": ["HasNat", {"Ref": "AWS::NoValue"}, "b"]}, {"Fn::Join": ["-", ["a", {"Ref": "Project"}]]},
    {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}, {"Fn::FindInMap": ["A", "b", "c"]}, "{{resolve:ssm:/a/b}}",
    {"Fn::GetAZs": ""}, "arn:aws:s3:::x", "true", [{"Key": "a", "Value": "b"}], {"Fn::ImportValue": "x"},
]  # fmt: skip


def by_command_line(folder: Path, text: str, parameters: dict[str, Any] | None) -> set[tuple[Any, ...]]:
    """The matches of the plain command line, run where no configuration is, with our rules and informational ones."""
    template = folder / "one.yaml"
    template.write_text(text, encoding="utf-8")
    options = ["--append-rules", str(POLICIES / "cfnlint_rules"), "--include-checks", "I", "--format", "json"]
    if parameters is not None:
        file = folder / "environment.yaml"
        file.write_text(json.dumps({"template-file-path": template.name, "parameters": parameters}))
    options += ["--template", str(template)] if parameters is None else ["--deployment-files", str(file)]
    done = subprocess.run(
        [CLI, *options],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return {
        (
            match["Rule"]["Id"],
            tuple(match["Location"]["Path"] or ()),
            match["Location"]["Start"]["LineNumber"],
            match["Location"]["Start"]["ColumnNumber"],
            match["Message"],
        )
        for match in json.loads(done.stdout)
    }


def by_session(text: str, parameters: dict[str, Any] | None) -> set[tuple[Any, ...]]:
    (answer,) = lint([job("one", text, parameters)]).values()
    return {(m["rule"], tuple(m["path"]), m["line"], m["column"], m["message"]) for m in answer["matches"]}


def job(identity: str, text: str, parameters: dict[str, Any] | None = None, focus: list[str] | None = None) -> dict:
    return {
        "id": identity, "path": "one.yaml", "text": text, "parameters": parameters, "source": "p", "only": ["E", "W"],
        "focus": focus,
    }  # fmt: skip


def lint(jobs: list[dict], *options: str) -> dict[str, dict]:
    with Session(POLICIES / "cfnlint_rules", ["E", "W"], command=(*COMMAND, *options), version=PINNED) as session:
        return session.lint(jobs, 300)


@pytest.mark.parametrize("text", [BROKEN, SAM, LOOP], ids=["broken", "sam", "loop"])
def test_broken_template_has_the_matches_of_the_command_line(tmp_path, text):
    expected = by_command_line(tmp_path, text, None)
    assert len({rule for rule, *_ in expected}) >= (15 if text is BROKEN else 1)
    assert by_session(text, None) == expected


def test_our_stack_has_the_matches_of_the_command_line(tmp_path):
    parameters = yaml.safe_load((STACK.parent / "environments" / "prod.yaml").read_text(encoding="utf-8"))["parameters"]
    text = STACK.read_text(encoding="utf-8")
    (tmp_path / "lambdas").mkdir()
    expected = by_command_line(tmp_path, text, parameters)
    assert {rule for rule, *_ in expected if rule[0] != "I"} == {"W3002"}
    assert by_session(text, parameters) == expected


def steps(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, child in items for found in ((*path, step), *steps(child, (*path, step)))]


def mutants(count: int, seed: int) -> list[str]:
    """Parts of our stack with several faults each."""
    whole, _ = parse(STACK.read_text(encoding="utf-8"))
    chance = random.Random(seed)
    texts = []
    for _ in range(count):
        data = {name: section for name, section in whole.items() if name in ("Parameters", "Conditions", "Mappings")}
        data["Resources"] = {name: whole["Resources"][name] for name in chance.sample(list(whole["Resources"]), 8)}
        data = deepcopy(data)
        for _ in range(chance.choice([1, 4, 12])):
            *way, last = chance.choice(steps(data))
            holder: Any = data
            for step in way:
                holder = holder[step]
            match chance.choice("drrrk"):
                case "d":
                    del holder[last]
                case "k" if isinstance(holder, dict):
                    holder[f"{last}X"] = holder.pop(last)
                case _:
                    holder[last] = deepcopy(chance.choice(BAD))
        texts.append(json.dumps(data, indent=1))
    return texts


def test_what_is_faster_finds_the_same_in_broken_templates():
    """The speed-ups against the same linter without them, on parts of our stack with seeded faults."""
    jobs = [job(str(number), text) for number, text in enumerate(mutants(10, seed=20261126))]
    fast, plain = lint(jobs), lint(jobs, "--plain")
    assert fast == plain
    assert len({match["rule"] for answer in plain.values() for match in answer.get("matches", ())}) > 15
