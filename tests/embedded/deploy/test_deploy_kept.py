"""Properties that the project's stack does not use: kept all the same, also where moto alone would lose them."""

from typing import Any

import pytest

from stackproof.embedded.deploy import DeploymentFailed
from stackproof.embedded.errors import UnsupportedProperty
from tests.embedded.deploy.support import Site
from tests.embedded.deploy.test_deploy_types import ALARM, FUNCTION, METRIC, ROLE, ROOT, VPC, ref, trust

CODE = FUNCTION["Properties"]
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}
QUEUE_ARN = {"Fn::GetAtt": ["Queue", "Arn"]}
TABLE_KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": "k", "AttributeType": "S"},
        {"AttributeName": "s", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
}
SUBNET = {
    "Vpc": VPC,
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24"}},
    "SG": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "g", "VpcId": ref("Vpc")}},
    "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("ec2")}},
    "IP": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [ref("R")]}},
}
ENVIRONMENT = {
    "Type": "MANAGED",
    "ComputeResources": {
        "Type": "EC2",
        "MinvCpus": 0,
        "MaxvCpus": 4,
        "Subnets": [ref("Subnet")],
        "SecurityGroupIds": [{"Fn::GetAtt": ["SG", "GroupId"]}],
        "InstanceRole": {"Fn::GetAtt": ["IP", "Arn"]},
        "InstanceTypes": ["c7i"],
        "AllocationStrategy": "BEST_FIT_PROGRESSIVE",
    },
}
KEPT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("AWS::Logs::LogGroup", {"DeletionProtectionEnabled": True}, {}),
    ("AWS::Logs::LogGroup", {"LogGroupClass": "INFREQUENT_ACCESS"}, {}),
    (
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": ref("G"),
            "FilterPattern": "x",
            "MetricTransformations": [
                {
                    "MetricName": "M",
                    "MetricNamespace": "N",
                    "MetricValue": "1",
                    "DefaultValue": 0,
                    "Unit": "Count",
                    "Dimensions": [{"Key": "a", "Value": "$.b"}],
                }
            ],
        },
        {"G": {"Type": "AWS::Logs::LogGroup"}},
    ),
    ("AWS::SNS::Topic", {"FifoTopic": True, "ContentBasedDeduplication": True}, {}),
    ("AWS::SQS::Queue", {"FifoQueue": True, "ContentBasedDeduplication": True}, {}),
    ("AWS::SQS::Queue", {"SqsManagedSseEnabled": True}, {}),
    (
        "AWS::SQS::Queue",
        {
            "RedrivePolicy": {"deadLetterTargetArn": QUEUE_ARN, "maxReceiveCount": 3},
            "MaximumMessageSize": 1024,
            "ReceiveMessageWaitTimeSeconds": 20,
        },
        QUEUE,
    ),
    ("AWS::Lambda::Function", {**CODE, "EphemeralStorage": {"Size": 1024}}, {"Role": ROLE}),
    ("AWS::Lambda::Function", {**CODE, "Architectures": ["arm64"]}, {"Role": ROLE}),
    ("AWS::Lambda::Function", {**CODE, "ReservedConcurrentExecutions": 0}, {"Role": ROLE}),
    (
        "AWS::Lambda::Function",
        {**CODE, "VpcConfig": {"SubnetIds": [ref("Subnet")], "SecurityGroupIds": [{"Fn::GetAtt": ["SG", "GroupId"]}]}},
        {"Role": ROLE, **SUBNET},
    ),
    ("AWS::Lambda::Function", {**CODE, "Environment": {"Variables": {}}}, {"Role": ROLE}),
    (
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": ref("F"),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 0,
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE_ARN}},
        },
        {"F": FUNCTION, "Role": ROLE, **QUEUE},
    ),
    (
        "AWS::Lambda::Permission",
        {
            "FunctionName": ref("F"),
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceAccount": "123456789012",
        },
        {"F": FUNCTION, "Role": ROLE},
    ),
    (
        "AWS::Lambda::Permission",
        {
            "FunctionName": {"Fn::GetAtt": ["F", "Arn"]},
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
            "PrincipalOrgID": "o-1234567890",
        },
        {"F": FUNCTION, "Role": ROLE},
    ),
    (
        "AWS::SNS::Subscription",
        {
            "Protocol": "sqs",
            "Endpoint": QUEUE_ARN,
            "TopicArn": ref("T"),
            "FilterPolicy": {"a": ["b"]},
            "FilterPolicyScope": "MessageBody",
            "RedrivePolicy": {"deadLetterTargetArn": QUEUE_ARN},
        },
        {**QUEUE, "T": {"Type": "AWS::SNS::Topic"}},
    ),
    (
        "AWS::CloudWatch::Alarm",
        {
            **ALARM,
            **{k: v for k, v in METRIC.items() if k != "Statistic"},
            "ExtendedStatistic": "p99",
            "EvaluateLowSampleCountPercentile": "ignore",
            "Unit": "Seconds",
            "ActionsEnabled": False,
            "InsufficientDataActions": [QUEUE_ARN],
        },
        QUEUE,
    ),
    (
        "AWS::DynamoDB::Table",
        {
            **TABLE_KEYS,
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
        {},
    ),
    (
        "AWS::DynamoDB::Table",
        {**TABLE_KEYS, "BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD_INFREQUENT_ACCESS"},
        {},
    ),
    (
        "AWS::DynamoDB::Table",
        {**TABLE_KEYS, "BillingMode": "PAY_PER_REQUEST", "SSESpecification": {"SSEEnabled": True}},
        {},
    ),
    (
        "AWS::DynamoDB::Table",
        {**TABLE_KEYS, "BillingMode": "PAY_PER_REQUEST", "SSESpecification": {"SSEEnabled": False}},
        {},
    ),
    ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated", "EnableDnsSupport": False}, {}),
    (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(),
            "MaxSessionDuration": 7200,
            "Path": "/a/",
            "PermissionsBoundary": "arn:aws:iam::123456789012:policy/x",
            "Description": "d",
        },
        {},
    ),
    ("AWS::KMS::Key", {"KeyPolicy": ROOT, "MultiRegion": True, "PendingWindowInDays": 7}, {}),
    ("AWS::KMS::Key", {"KeyPolicy": ROOT, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}, {}),
    (
        "AWS::Events::Rule",
        {
            "ScheduleExpression": "rate(1 minute)",
            "Description": "d",
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "Targets": [
                {"Id": "a", "Arn": QUEUE_ARN, "Input": '{"a":1}'},
                {
                    "Id": "b",
                    "Arn": QUEUE_ARN,
                    "InputTransformer": {"InputPathsMap": {"a": "$.b"}, "InputTemplate": "<a>"},
                },
                {"Id": "c", "Arn": QUEUE_ARN, "InputPath": "$.x"},
                {
                    "Id": "d",
                    "Arn": QUEUE_ARN,
                    "SqsParameters": {"MessageGroupId": "x"},
                    "DeadLetterConfig": {"Arn": QUEUE_ARN},
                },
            ],
        },
        QUEUE,
    ),
    ("AWS::Batch::ComputeEnvironment", {**ENVIRONMENT, "ReplaceComputeEnvironment": False}, SUBNET),
    ("AWS::Batch::ComputeEnvironment", {**ENVIRONMENT, "EcsSettings": {"ContainerInsights": "enabled"}}, SUBNET),
    ("AWS::Batch::ComputeEnvironment", {**ENVIRONMENT, "State": "DISABLED"}, SUBNET),
    (
        "AWS::Batch::JobDefinition",
        {
            "Type": "container",
            "SchedulingPriority": 3,
            "Parameters": {"a": "b"},
            "ContainerProperties": {
                "Image": "x",
                "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}],
                "Volumes": [{"Name": "v", "Host": {"SourcePath": "/tmp"}}],
                "MountPoints": [{"SourceVolume": "v", "ContainerPath": "/x", "ReadOnly": False}],
                "Environment": [{"Name": "A", "Value": "1"}],
                "Ulimits": [{"Name": "nofile", "HardLimit": 5, "SoftLimit": 4}],
                "Secrets": [{"Name": "a", "ValueFrom": "arn:aws:x"}],
            },
        },
        {},
    ),
    (
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "ObjectLockEnabled": True,
        },
        {},
    ),
    (
        "AWS::S3::Bucket",
        {
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "a",
                        "Status": "Disabled",
                        "ObjectSizeGreaterThan": 5,
                        "ExpirationInDays": 1,
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2},
                        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}],
                    }
                ]
            }
        },
        {},
    ),
    ("AWS::S3::Bucket", {"LoggingConfiguration": {"LogFilePrefix": "x/"}}, {}),
    (
        "AWS::EC2::VPCEndpoint",
        {
            "VpcId": ref("Vpc"),
            "ServiceName": "com.amazonaws.eu-central-1.logs",
            "VpcEndpointType": "Interface",
            "SubnetIds": [ref("Subnet")],
            "SecurityGroupIds": [{"Fn::GetAtt": ["SG", "GroupId"]}],
            "PrivateDnsEnabled": True,
            "IpAddressType": "ipv4",
        },
        SUBNET,
    ),
    ("AWS::EC2::NatGateway", {"SubnetId": ref("Subnet"), "ConnectivityType": "private"}, SUBNET),
    (
        "AWS::EC2::FlowLog",
        {
            "ResourceId": ref("Subnet"),
            "ResourceType": "Subnet",
            "TrafficType": "ALL",
            "LogDestinationType": "s3",
            "LogDestination": {"Fn::GetAtt": ["B", "Arn"]},
            "LogFormat": "${version}",
        },
        {**SUBNET, "B": {"Type": "AWS::S3::Bucket"}},
    ),
    (
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateData": {
                "UserData": {"Fn::Base64": "x"},
                "IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["IP", "Arn"]}},
                "InstanceType": "c7i.large",
                "SecurityGroupIds": [{"Fn::GetAtt": ["SG", "GroupId"]}],
            }
        },
        SUBNET,
    ),
]


@pytest.mark.parametrize(("kind", "properties", "beside"), KEPT, ids=[f"{i}-{case[0]}" for i, case in enumerate(KEPT)])
def test_kept(site: Site, kind: str, properties: dict[str, Any], beside: dict[str, Any]) -> None:
    stack = site.deploy({"Tried": {"Type": kind, "Properties": properties}, **beside})
    assert set(stack.resources["Tried"].properties) == set(properties)


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("AWS::SNS::Topic", {"SignatureVersion": "2"}, "Tried.SignatureVersion"),
        ("AWS::SQS::Queue", {"RedriveAllowPolicy": {"redrivePermission": "denyAll"}}, "Tried.RedriveAllowPolicy"),
        ("AWS::S3::Bucket", {"AccessControl": "Private"}, "Tried.AccessControl"),
        ("AWS::DynamoDB::Table", {"KeySchema": [], "ImportSourceSpecification": {}}, "Tried.ImportSourceSpecification"),
    ],
)
def test_what_is_not_kept_is_refused(site: Site, kind: str, properties: dict[str, Any], path: str) -> None:
    with pytest.raises(UnsupportedProperty, match=path):
        site.deploy({"Tried": {"Type": kind, "Properties": properties}})


def test_a_protected_log_group_is_not_deleted(site: Site) -> None:
    site.deploy({"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"DeletionProtectionEnabled": True}}})
    with pytest.raises(DeploymentFailed, match="protected from deletion"):
        site.deployer.delete("small")
