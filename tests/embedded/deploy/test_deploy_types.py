"""Each type: made, changed in place, and deleted. What is kept is held by the deployer's own read-back."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stackproof.embedded.deploy import DeploymentFailed
from stackproof.embedded.deploy.package import pack
from stackproof.embedded.deploy.registry import types
from stackproof.embedded.deploy.supplement_table import TABLE
from stackproof.embedded.errors import UnsupportedProperty
from tests.embedded.deploy.support import Site

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str = "lambda") -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


ROOT = document(
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
)
ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust()}}
VPC: dict[str, Any] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
INLINE = {"ZipFile": "def handler(event, context): return 1"}
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Code": INLINE,
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13",
    },
}
METRIC: dict[str, Any] = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
ALARM: dict[str, Any] = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1}


def tags(value: str) -> list[dict[str, str]]:
    return [{"Key": "Owner", "Value": value}]


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def rule(port: int, **peer: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": f"port {port}", **peer}


# (type, properties, what changes in place, resources beside it)
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("AWS::Logs::LogGroup", {"RetentionInDays": 7}, {"RetentionInDays": 30, "Tags": tags("b")}, {}),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 7}, {"RetentionInDays": None}, {}),
    (
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": ref("Group"),
            "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricName": "M", "MetricNamespace": "N", "MetricValue": "1"}],
        },
        {"FilterPattern": "WARN"},
        {"Group": {"Type": "AWS::Logs::LogGroup"}},
    ),
    (
        "AWS::KMS::Key",
        {"KeyPolicy": ROOT, "EnableKeyRotation": True, "RotationPeriodInDays": 90},
        {"RotationPeriodInDays": 180, "Description": "new", "Tags": tags("b")},
        {},
    ),
    (
        "AWS::KMS::Key",
        {"KeyPolicy": ROOT, "EnableKeyRotation": True},
        {"EnableKeyRotation": False, "Enabled": False},
        {},
    ),
    (
        "AWS::KMS::Alias",
        {"AliasName": "alias/a", "TargetKeyId": ref("One")},
        {"TargetKeyId": ref("Two")},
        {name: {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": ROOT}} for name in ("One", "Two")},
    ),
    ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, {"EnableDnsHostnames": True, "Tags": tags("b")}, {}),
    (
        "AWS::EC2::Subnet",
        {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-central-1a"},
        {"MapPublicIpOnLaunch": True, "Tags": tags("b")},
        {"Vpc": VPC},
    ),
    ("AWS::EC2::InternetGateway", {"Tags": tags("a")}, {"Tags": tags("b")}, {}),
    ("AWS::EC2::EIP", {"Domain": "vpc"}, {"Tags": tags("b")}, {}),
    (
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "group",
            "VpcId": ref("Vpc"),
            "SecurityGroupIngress": [rule(443, CidrIp="10.0.0.0/16"), rule(443, CidrIpv6="::/0")],
        },
        {
            "SecurityGroupIngress": [rule(80, CidrIp="10.0.0.0/16")],
            "SecurityGroupEgress": [rule(443, CidrIp="0.0.0.0/0")],
        },
        {"Vpc": VPC},
    ),
    (
        "AWS::EC2::VPCEndpoint",
        {"VpcId": ref("Vpc"), "ServiceName": "com.amazonaws.eu-central-1.s3", "VpcEndpointType": "Gateway"},
        {"PolicyDocument": document({**ALLOW, "Principal": "*"}), "RouteTableIds": [ref("Routes")]},
        {"Vpc": VPC, "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref("Vpc")}}},
    ),
    (
        "AWS::EC2::LaunchTemplate",
        {"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": "required"}}, "VersionDescription": "one"},
        {"LaunchTemplateData": {"Monitoring": {"Enabled": True}}, "VersionDescription": "two"},
        {},
    ),
    (
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {"Rules": [{"Id": "x", "Status": "Enabled", "ExpirationInDays": 3}]},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
        {
            "VersioningConfiguration": {"Status": "Suspended"},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "y",
                        "Status": "Enabled",
                        "Prefix": "p/",
                        "TagFilters": [{"Key": "k", "Value": "v"}],
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 1}],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
                    }
                ]
            },
            "OwnershipControls": None,
            "Tags": tags("b"),
        },
        {},
    ),
    (
        "AWS::S3::BucketPolicy",
        {
            "Bucket": ref("Bucket"),
            "PolicyDocument": document(_statement := {**ALLOW, "Principal": "*", "Resource": "arn:aws:s3:::bbb/*"}),
        },
        {"PolicyDocument": document({**_statement, "Effect": "Deny"})},
        {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bbb"}}},
    ),
    (
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "old", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        },
        {
            "AttributeDefinitions": [
                {"AttributeName": "k", "AttributeType": "S"},
                {"AttributeName": "i", "AttributeType": "N"},
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-i",
                    "KeySchema": [{"AttributeName": "i", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            "TimeToLiveSpecification": {"AttributeName": "new", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35},
            "Tags": tags("b"),
        },
        {},
    ),
    (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(),
            "Policies": [{"PolicyName": "a", "PolicyDocument": document(ALLOW)}],
            "ManagedPolicyArns": [ref("Managed")],
        },
        {
            "AssumeRolePolicyDocument": trust("ec2"),
            "Policies": [{"PolicyName": "b", "PolicyDocument": document(ALLOW)}],
            "ManagedPolicyArns": [],
            "Description": "new",
            "Tags": tags("b"),
        },
        {"Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(ALLOW)}}},
    ),
    ("AWS::IAM::InstanceProfile", {"Roles": [ref("One")]}, {"Roles": [ref("Two")]}, {"One": ROLE, "Two": ROLE}),
    (
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": document(ALLOW), "Roles": [ref("One")]},
        {"PolicyDocument": document({**ALLOW, "Action": "s3:PutObject"}), "Roles": [ref("Two")]},
        {"One": ROLE, "Two": ROLE},
    ),
    (
        "AWS::IAM::Policy",
        {"PolicyName": "p", "PolicyDocument": document(ALLOW), "Roles": [ref("One")]},
        {"Roles": [ref("Two")]},
        {"One": ROLE, "Two": ROLE},
    ),
    (
        "AWS::IAM::RolePolicy",
        {"PolicyName": "p", "PolicyDocument": document(ALLOW), "RoleName": ref("One")},
        {"PolicyDocument": document({**ALLOW, "Action": "s3:PutObject"})},
        {"One": ROLE},
    ),
    ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 2, "Tags": tags("b")}, {}),
    (
        "AWS::SQS::QueuePolicy",
        {"Queues": [ref("One")], "PolicyDocument": document({**ALLOW, "Principal": "*", "Action": "sqs:SendMessage"})},
        {"Queues": [ref("Two")]},
        {"One": {"Type": "AWS::SQS::Queue"}, "Two": {"Type": "AWS::SQS::Queue"}},
    ),
    ("AWS::SNS::Topic", {"DisplayName": "a"}, {"DisplayName": "b", "Tags": tags("b")}, {}),
    (
        "AWS::SNS::TopicPolicy",
        {"Topics": [ref("One")], "PolicyDocument": document({**ALLOW, "Principal": "*", "Action": "sns:Publish"})},
        {"Topics": [ref("Two")]},
        {"One": {"Type": "AWS::SNS::Topic"}, "Two": {"Type": "AWS::SNS::Topic"}},
    ),
    (
        "AWS::SNS::Subscription",
        {"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}, "TopicArn": ref("Topic")},
        {"RawMessageDelivery": True},
        {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}},
    ),
    (
        "AWS::Events::Rule",
        {
            "EventPattern": {"source": ["a"]},
            "Targets": [{"Id": "a", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
        {
            "State": "DISABLED",
            "Targets": [
                {
                    "Id": "b",
                    "Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60},
                }
            ],
            "Tags": tags("b"),
        },
        {"Queue": {"Type": "AWS::SQS::Queue"}},
    ),
    (
        "AWS::CloudWatch::Alarm",
        {**ALARM, **METRIC},
        {"Threshold": 2, "TreatMissingData": "breaching", "Tags": tags("b")},
        {},
    ),
    (
        "AWS::CloudWatch::Dashboard",
        {"DashboardBody": '{"widgets": []}'},
        {"DashboardBody": '{"widgets": [{"type": "text", "properties": {"markdown": "x"}}]}', "Tags": tags("b")},
        {},
    ),
    (
        "AWS::Lambda::Function",
        FUNCTION["Properties"],
        {
            "Code": {"ZipFile": "def handler(event, context): return 2"},
            "Timeout": 9,
            "Environment": {"Variables": {"A": "1"}},
            "ReservedConcurrentExecutions": 2,
            "Tags": tags("b"),
        },
        {"Role": ROLE},
    ),
    (
        "AWS::Lambda::EventInvokeConfig",
        {"FunctionName": ref("Function"), "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
        {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        {"Role": ROLE, "Function": FUNCTION},
    ),
]


@pytest.mark.parametrize(
    ("kind", "first", "change", "beside"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_made_changed_and_deleted(
    site: Site, kind: str, first: dict[str, Any], change: dict[str, Any], beside: dict[str, Any]
) -> None:
    made = site.deploy({"Tried": {"Type": kind, "Properties": first}, **beside}).resources["Tried"]
    second = {key: value for key, value in {**first, **change}.items() if value is not None}
    changed = site.deploy({"Tried": {"Type": kind, "Properties": second}, **beside}).resources["Tried"]
    assert changed.physical_id == made.physical_id
    assert {step[0]: step[2] for step in site.seen} == {"Tried": "UPDATE_COMPLETE"}
    site.deployer.delete("small")


def test_every_type_is_tried_here_or_in_the_stack() -> None:
    from stackproof.embedded.deploy.load import load
    from tests.embedded.deploy.support import TEMPLATE

    tried = {case[0] for case in CASES} | {declared.type for declared in load(TEMPLATE).resources.values()}
    assert set(types()) - tried <= {"AWS::CloudFormation::CustomResource", "AWS::EC2::SecurityGroupIngress"}


def test_rules_apart_from_their_group(site: Site) -> None:
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "g", "VpcId": ref("Vpc")}}
    peer = {"GroupId": {"Fn::GetAtt": ["A", "GroupId"]}, "SourceSecurityGroupId": {"Fn::GetAtt": ["B", "GroupId"]}}
    stack = site.deploy(
        {
            "Vpc": VPC,
            "A": group,
            "B": group,
            "In": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule(443, **peer)},
        }
    )
    physical = stack.resources["A"].physical_id
    found = site.client("ec2").describe_security_groups(GroupIds=[physical])["SecurityGroups"][0]["IpPermissions"]
    assert [pair["GroupId"] for pair in found[0]["UserIdGroupPairs"]] == [stack.resources["B"].physical_id]
    site.deployer.delete("small")


@pytest.mark.parametrize(
    "bad", [{"IpProtocol": "tcp"}, rule(1), rule(1, CidrIp="0.0.0.0/0", CidrIpv6="::/0"), rule(1, Cidr="0.0.0.0/0")]
)
def test_a_rule_needs_one_peer_that_is_known(site: Site, bad: dict[str, Any]) -> None:
    group = {"GroupDescription": "g", "VpcId": ref("Vpc"), "SecurityGroupIngress": [bad]}
    with pytest.raises(UnsupportedProperty, match=r"Group.SecurityGroupIngress\[0\]"):
        site.deploy({"Vpc": VPC, "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group}})


def test_a_local_folder_is_packed_the_same_way_each_time(site: Site) -> None:
    folder = site.folder / "code"
    (folder / "pkg" / "__pycache__").mkdir(parents=True)
    (folder / "pkg" / "b.py").write_text("B = 1")
    (folder / "a.py").write_text("A = 1")
    (folder / "pkg" / "__pycache__" / "b.pyc").write_bytes(b"x")
    function = {**FUNCTION["Properties"], "Code": "./code"}
    site.deploy({"Role": ROLE, "F": {"Type": "AWS::Lambda::Function", "Properties": function}})
    data = pack(folder)
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["a.py", "pkg/b.py"]
    (folder / "a.py").touch()
    assert pack(folder) == data


def test_changed_local_code_is_deployed_although_the_template_is_the_same(site: Site) -> None:
    folder = site.folder / "code"
    folder.mkdir()
    (folder / "a.py").write_text("A = 1")
    resources = {
        "Role": ROLE,
        "F": {"Type": "AWS::Lambda::Function", "Properties": {**FUNCTION["Properties"], "Code": "code"}},
    }
    name = site.deploy(resources).resources["F"].physical_id
    before = site.client("lambda").get_function(FunctionName=name)["Configuration"]["CodeSha256"]
    (folder / "a.py").write_text("A = 2")
    site.deploy(resources)
    assert site.client("lambda").get_function(FunctionName=name)["Configuration"]["CodeSha256"] != before


@pytest.mark.parametrize("code", ["nowhere", {"ImageUri": "x"}, {"ZipFile": "x", "S3Bucket": "b"}])
def test_code_that_is_none(site: Site, code: Any, tmp_path: Path) -> None:
    function = {**FUNCTION["Properties"], "Code": code}
    with pytest.raises((DeploymentFailed, UnsupportedProperty), match="F"):
        site.deploy({"Role": ROLE, "F": {"Type": "AWS::Lambda::Function", "Properties": function}})


def test_each_supplement_says_why_and_is_needed_once() -> None:
    assert all(entry.reason for entry in TABLE)
    assert len({entry.name for entry in TABLE}) == len(TABLE)


def test_supplements_serve_every_caller_and_forget_what_is_deleted(site: Site) -> None:
    kms = site.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 100
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
