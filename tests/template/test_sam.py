"""SAM templates: in plain resources, offline, each at the line that its user wrote."""

import json
import subprocess
import sys
from typing import Any

import pytest

from stackproof.template.errors import TemplateError
from stackproof.template.expand import expand
from stackproof.template.model import Resource, Source, Template
from stackproof.template.read import source
from stackproof.template.references import display

TEXT = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Secret: {Type: String}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Runtime: python3.13
    Timeout: 30
    Environment:
      Variables: {SHARED: x}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: !Ref Stage
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: work.handler
      CodeUri: src/
      MemorySize: 256
      DeadLetterQueue:
        Type: SQS
        TargetArn: !GetAtt Letters.Arn
      Environment:
        Variables:
          REGION: !Ref AWS::Region
          SECRET: !Ref Secret
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Table}
      Events:
        Nightly:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
        Get:
          Type: Api
          Properties: {Path: /a, Method: get, RestApiId: !Ref Api}
  OnlyInProd:
    Type: AWS::Serverless::Function
    Condition: Prod
    Properties:
      Handler: a.b
      InlineCode: "pass"
      Runtime: python3.11
  Table:
    Type: AWS::Serverless::SimpleTable
  Letters:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
Outputs:
  Role: {Value: !GetAtt WorkRole.Arn}
"""


@pytest.fixture(scope="module")
def written() -> Source:
    return source(TEXT, "sam.yaml")


@pytest.fixture(scope="module")
def template(written: Source) -> Template:
    (only,) = expand(written)
    return only


def line(written: Source, resource: Resource, *path: str | int) -> str:
    span = written.span(resource.origin(*path))
    assert span is not None
    return written.lines[span.line - 1].strip()


def test_each_resource_becomes_plain_ones(template: Template) -> None:
    kinds = {name: resource.type for name, resource in template.resources.items()}
    assert kinds["Work"] == "AWS::Lambda::Function"
    assert kinds["WorkRole"] == "AWS::IAM::Role"
    assert kinds["WorkNightly"] == "AWS::Events::Rule"
    assert kinds["WorkNightlyPermission"] == "AWS::Lambda::Permission"
    assert kinds["Table"] == "AWS::DynamoDB::Table"
    assert kinds["Api"] == "AWS::ApiGateway::RestApi"
    assert not any(kind.startswith("AWS::Serverless") for kind in kinds.values())
    assert template.transforms == ("AWS::Serverless-2016-10-31",)
    assert template.undecided == ()


def test_globals_are_honoured(template: Template) -> None:
    work = template.resources["Work"]
    assert (work.get("Runtime"), work.get("Timeout"), work.get("MemorySize")) == ("python3.13", 30, 256)
    assert work.get("Environment", "Variables", "SHARED") == "x"


def test_values_are_resolved_as_in_any_template(template: Template) -> None:
    work = template.resources["Work"]
    assert display(work.get("DeadLetterConfig", "TargetArn")) == "${Letters.Arn}"
    assert display(work.get("Environment", "Variables", "REGION")) == "${AWS::Region}"
    assert work.get("Environment", "Variables", "SECRET").reason.startswith("parameter Secret has no value")
    assert display(work.get("Role")) == "${WorkRole.Arn}"
    assert work.get("Code") == "src/"
    assert display(template.outputs["Role"]["Value"]) == "${WorkRole.Arn}"


def test_findings_lead_to_the_line_that_was_written(written: Source, template: Template) -> None:
    resources = template.resources
    work, role, rule = resources["Work"], resources["WorkRole"], resources["WorkNightly"]
    assert line(written, work) == "Work:"
    assert line(written, work, "Properties", "MemorySize") == "MemorySize: 256"
    assert line(written, work, "Properties", "Timeout") == "Timeout: 30"
    assert line(written, work, "Properties", "Code") == "CodeUri: src/"
    assert line(written, work, "Properties", "DeadLetterConfig", "TargetArn") == "TargetArn: !GetAtt Letters.Arn"
    assert line(written, work, "Properties", "Environment", "Variables", "SECRET") == "SECRET: !Ref Secret"
    assert line(written, role, "Properties", "Policies", 0, "PolicyDocument").startswith("- DynamoDBReadPolicy")
    assert line(written, role, "Properties", "AssumeRolePolicyDocument") == "Policies:"
    assert line(written, rule, "Properties", "Targets", 0) == "Properties:"
    assert line(written, rule) == "Nightly:"
    assert line(written, resources["Table"], "Properties", "SSESpecification") == "Table:"
    assert line(written, resources["Letters"], "Properties", "MessageRetentionPeriod").startswith("Properties:")


def test_the_source_stays_as_it_was_written(written: Source, template: Template) -> None:
    assert template.source is written
    assert written.data["Resources"]["Work"]["Type"] == "AWS::Serverless::Function"
    assert written.data["Resources"]["Work"]["Properties"]["CodeUri"] == "src/"


def test_conditions_and_environments_hold(written: Source) -> None:
    (prod,) = expand(written, {"Stage": "prod", "Secret": "s"})
    assert {"OnlyInProd", "OnlyInProdRole"} <= set(prod.resources)
    (dev,) = expand(written, {"Stage": "dev"})
    assert not {"OnlyInProd", "OnlyInProdRole"} & set(dev.resources)


def test_an_undecided_condition_is_judged_both_ways(written: Source) -> None:
    open_ = source(TEXT.replace("Stage: {Type: String, Default: dev}", "Stage: {Type: String}"), "sam.yaml")
    found = expand(open_)
    assert {"OnlyInProdRole" in template.resources for template in found} == {True, False}


def small(properties: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Work": {"Type": "AWS::Serverless::Function", "Properties": properties}},
            **more,
        }
    )


GOOD = {"Handler": "a.b", "Runtime": "python3.13", "CodeUri": "."}


@pytest.mark.parametrize(
    "properties",
    [
        GOOD,
        {**GOOD, "CodeUri": "s3://bucket/key"},
        {**GOOD, "CodeUri": {"Bucket": "b", "Key": "k"}},
        {"Handler": "a.b", "Runtime": "python3.13", "InlineCode": "pass"},
        {"PackageType": "Image", "ImageUri": "111122223333.dkr.ecr.us-east-1.amazonaws.com/a:1"},
        {"PackageType": "Image"},
    ],
)
def test_code_may_be_anywhere(properties: dict[str, Any]) -> None:
    (template,) = expand(source(small(properties), "sam.json"))
    assert template.resources["Work"].type == "AWS::Lambda::Function"


def test_code_in_globals() -> None:
    shared = {"Function": {"CodeUri": "src/", "Runtime": "python3.13"}}
    (template,) = expand(source(small({"Handler": "a.b"}, Globals=shared), "sam.json"))
    assert template.resources["Work"].get("Code") == "src/"


REFUSED: dict[str, tuple[str, str]] = {
    "no_handler": (small({"Runtime": "python3.13", "CodeUri": "."}), "the SAM transform refuses it"),
    "no_code": (small({"Handler": "a.b", "Runtime": "python3.13"}), "the SAM transform refuses it"),
    "unknown_property": (small({**GOOD, "Handlr": "x"}), "the SAM transform refuses it"),
    "events_no_map": (small({**GOOD, "Events": [1]}), "the SAM transform"),
    "event_of_no_type": (small({**GOOD, "Events": {"A": {"Type": "Never"}}}), "the SAM transform refuses it"),
    "policies_no_shape": (small({**GOOD, "Policies": {"NoSuchPolicyTemplate": {}}}), "the SAM transform refuses it"),
    "globals_no_map": (small(GOOD, Globals=[1]), "the SAM transform"),
    "globals_of_no_type": (small(GOOD, Globals={"Never": {}}), "the SAM transform refuses it"),
    "environment_no_map": (small({**GOOD, "Environment": "x"}), "the SAM transform"),
    "loop": (
        json.dumps(
            {
                "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
                "Resources": {"Fn::ForEach::A": ["X", ["a"], {"W${X}": {"Type": "AWS::Serverless::Function"}}]},
            }
        ),
        "loops in a SAM template can't be translated",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_translated_is_refused_with_a_sentence(name: str) -> None:
    text, expected = REFUSED[name]
    with pytest.raises(TemplateError) as refused:
        expand(source(text, "sam.json"))
    assert str(refused.value).startswith("sam.json: ")
    assert expected in str(refused.value)


def test_without_the_transform_nothing_is_known_of_its_resources() -> None:
    (template,) = expand(source("Resources: {Work: {Type: 'AWS::Serverless::Function'}}", "a.yaml"))
    ((path, reason),) = template.undecided
    assert path == ("Resources", "Work", "Type")
    assert "needs Transform: AWS::Serverless-2016-10-31" in reason


@pytest.mark.parametrize(
    "text",
    [
        "Transform: Macro\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
        "Transform: [AWS::Serverless-2016-10-31, Macro]\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
        "Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
        "Fn::Transform: {Name: Macro}\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
        "Resources: {Fn::Transform: {Name: Macro}, A: {Type: 'AWS::SNS::Topic'}}",
        "Resources: {A: {Type: 'AWS::SNS::Topic', Fn::Transform: {Name: Macro}}}",
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {Fn::Transform: {Name: Macro}, TopicName: a}}}",
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Transform {Name: Macro}}}}",
        "Mappings: {Fn::Transform: {Name: AWS::Include}}\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
        "Conditions: {Never: !Equals [a, b]}\nResources: {A: {Type: 'AWS::SNS::Topic', Fn::Transform: {Name: M}}}",
        "Outputs: {Fn::Transform: {Name: Macro}, A: {Value: b}}\nResources: {A: {Type: 'AWS::SNS::Topic'}}",
    ],
)
def test_other_macros_are_never_passed_over(text: str) -> None:
    for template in expand(source(text, "macro.yaml")):
        assert template.undecided
        assert all("macro" in reason for _, reason in template.undecided)


def test_the_translator_is_imported_only_when_needed() -> None:
    program = (
        "import sys; from stackproof.template.expand import expand; from stackproof.template.read import source; "
        "expand(source(\"Resources: {A: {Type: 'AWS::SNS::Topic'}}\", 'a')); print('samtranslator' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
