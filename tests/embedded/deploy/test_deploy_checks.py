"""What real AWS checks while it makes a resource, and moto does not."""

import json
from typing import Any

import pytest

from stackproof.embedded.deploy import DeploymentFailed, TemplateError
from stackproof.errors import StackproofError
from tests.embedded.deploy.support import Site
from tests.embedded.deploy.test_deploy_types import ALARM, FUNCTION, METRIC, ROLE, ROOT, VPC, document, trust

KEY = "arn:aws:kms:eu-central-1:123456789012:key/x"
LOGS = "logs.eu-central-1.amazonaws.com"


LOG_ACTIONS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")


def logs_statement(pattern: str, actions: tuple[str, ...] = LOG_ACTIONS) -> dict[str, Any]:
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": pattern}}
    principal = {"Service": LOGS}
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": "*",
        "Condition": condition,
    }


def key(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*ROOT["Statement"], *statements)}}


def group(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/a/b", **properties}}


def test_a_log_group_needs_a_key_that_logs_may_use_for_it(site: Site) -> None:
    arn = "arn:aws:logs:eu-central-1:123456789012:log-group:"
    encrypted = group(KmsKeyId={"Fn::GetAtt": ["Key", "Arn"]})
    describing = logs_statement(f"{arn}/a/*", ("kms:Encrypt*", "kms:Describe*"))
    for statements in ([], [logs_statement(f"{arn}/other/*")], [describing]):
        with pytest.raises(DeploymentFailed, match=r"Group \(AWS::Logs::LogGroup\): KmsKeyId: AccessDeniedException"):
            site.deploy({"Key": key(*statements), "Group": encrypted})
    site.deploy({"Key": key(logs_statement(f"{arn}/a/*")), "Group": encrypted})


def test_a_log_group_takes_the_arn_of_its_key(site: Site) -> None:
    with pytest.raises(DeploymentFailed, match="it must be the key's ARN"):
        site.deploy({"Key": key(), "Group": group(KmsKeyId={"Ref": "Key"})})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"}, "PutKeyPolicy"),
        ({"Effect": "Allow", "Principal": {"AWS": "me"}, "Action": "kms:*", "Resource": "*"}, "invalid principal 'me'"),
        (
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:role/gone"},
                "Action": "*",
                "Resource": "*",
            },
            "role/gone does not exist",
        ),
        ({"Effect": "Perhaps", "Principal": "*", "Action": "*", "Resource": "*"}, "Effect must be Allow or Deny"),
        ({"Effect": "Allow", "Action": "*", "Resource": "*"}, "no Principal"),
        ({"Effect": "Allow", "Principal": "*", "Resource": "*"}, "needs Action or NotAction"),
        ({"Effect": "Allow", "Principal": "*", "Action": "*", "Resources": "*"}, "unknown element Resources"),
        (
            {"Effect": "Allow", "Principal": {"Service": "s3"}, "Action": "*", "Resource": "*"},
            "invalid service principal",
        ),
    ],
)
def test_key_policies(site: Site, statement: dict[str, Any], said: str) -> None:
    with pytest.raises(DeploymentFailed, match=f"Key .*{said}"):
        site.deploy({"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(statement)}}})


def test_a_bucket_policy_speaks_of_its_bucket(site: Site) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}
    policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document(statement)}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }
    with pytest.raises(DeploymentFailed, match="invalid resource 'arn:aws:s3:::other/"):
        site.deploy(resources)


def test_a_role_has_no_principal_in_its_own_policies(site: Site) -> None:
    inline = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})
    role = {"AssumeRolePolicyDocument": trust(), "Policies": [{"PolicyName": "p", "PolicyDocument": inline}]}
    with pytest.raises(DeploymentFailed, match=r"Role .*Policies\[0\].* unexpected Principal"):
        site.deploy({"Role": {"Type": "AWS::IAM::Role", "Properties": role}})


def test_a_function_may_send_to_its_dead_letter_queue(site: Site) -> None:
    target = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}}
    function = {**FUNCTION, "Properties": {**FUNCTION["Properties"], **target}}
    resources = {"Role": ROLE, "Queue": {"Type": "AWS::SQS::Queue"}, "F": function}
    stack = site.deploy(resources)
    assert site.access.asked[-1][:2] == (stack.resources["Role"].arn, "sqs:SendMessage")
    site.deployer.delete("small")
    role = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "fixed"}}
    site.access.denied.add(("arn:aws:iam::123456789012:role/fixed", "sqs:SendMessage"))
    with pytest.raises(DeploymentFailed, match="does not have permissions to call SendMessage on SQS"):
        site.deploy({**resources, "Role": role})


def test_a_function_needs_a_role_that_exists(site: Site) -> None:
    role = "arn:aws:iam::123456789012:role/gone"
    with pytest.raises(DeploymentFailed, match="there is no role arn:aws:iam::123456789012:role/gone"):
        site.deploy({"F": {**FUNCTION, "Properties": {**FUNCTION["Properties"], "Role": role}}})


def test_a_route_needs_its_gateway_attached(site: Site) -> None:
    def resources(**more: Any) -> dict[str, Any]:
        attachment = {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}}
        route = {
            "RouteTableId": {"Ref": "Table"},
            "GatewayId": {"Ref": "Gateway"},
            "DestinationCidrBlock": "0.0.0.0/0",
        }
        return {
            "Vpc": VPC,
            "Gateway": {"Type": "AWS::EC2::InternetGateway"},
            "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
            "Route": {"Type": "AWS::EC2::Route", "Properties": route, **more},
            "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": attachment},
        }

    with pytest.raises(DeploymentFailed, match=r"Route .*not attached yet"):
        site.deploy(resources())
    site.deploy(resources(DependsOn="Attachment"))
    site.deployer.delete("small")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm is more than EvaluationPeriods"),
        ({"Period": 45}, "Period: ValidationError: 45"),
        ({"Statistic": None}, "either Statistic or ExtendedStatistic"),
        ({"Metrics": [{"Id": "a", "Expression": "1"}]}, "either MetricName or Metrics"),
        ({"MetricName": None}, "either MetricName or Metrics"),
    ],
)
def test_alarms(site: Site, change: dict[str, Any], said: str) -> None:
    properties = {k: v for k, v in {**ALARM, **METRIC, **change}.items() if v is not None}
    with pytest.raises(DeploymentFailed, match=f"Alarm .*{said}"):
        site.deploy({"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no json", "not JSON"),
        ("[]", "a list 'widgets'"),
        (json.dumps({"widgets": [{"type": "metric", "properties": {}}]}), "/widgets/0/properties: region is missing"),
        (json.dumps({"widgets": [{"type": "text", "width": 25}]}), "/widgets/0/width must be 1 to 24"),
        ({"widgets": []}, "a JSON text, not a mapping"),
    ],
)
def test_dashboards(site: Site, body: Any, said: str) -> None:
    with pytest.raises(DeploymentFailed, match=f"Board .*{said}"):
        site.deploy({"Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}})


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SQS::QueuePolicy", {"Queues": 5, "PolicyDocument": {}}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": "text"}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust(), "Policies": ["text"]}),
        ("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": [5]}}),
        ("AWS::S3::Bucket", {"BucketEncryption": "yes"}),
        ("AWS::S3::Bucket", {"BucketName": "Not_A_Name"}),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": "x", "Version": "2012-10-17"}}),
        ("AWS::DynamoDB::Table", {"KeySchema": "k"}),
        ("AWS::Batch::JobQueue", {"Priority": "high", "ComputeEnvironmentOrder": []}),
        ("AWS::EC2::VPC", {"CidrBlock": 5}),
        ("AWS::Events::Rule", {"Targets": [{"Id": "a", "Arn": "no"}], "ScheduleExpression": "rate(1 minute)"}),
        ("AWS::SNS::Topic", {"Tags": 5}),
        ("AWS::Lambda::Permission", {"Action": "a", "FunctionName": "gone", "Principal": "s3.amazonaws.com"}),
    ],
)
def test_a_value_of_the_wrong_form_is_an_error_that_names_the_resource(
    site: Site, kind: str, properties: dict[str, Any]
) -> None:
    with pytest.raises(StackproofError, match="Tried"):
        site.deploy({"Tried": {"Type": kind, "Properties": properties}})


def test_a_required_property_that_is_missing(site: Site) -> None:
    with pytest.raises(TemplateError, match=r"Tried\.PolicyDocument is missing; AWS::S3::BucketPolicy needs it"):
        site.deploy({"Tried": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b"}}})


def table(**properties: Any) -> dict[str, Any]:
    own = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {**own, **properties}}


@pytest.mark.parametrize("days", [0, 36])
def test_recovery_has_its_bounds(site: Site, days: int) -> None:
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days}
    with pytest.raises(DeploymentFailed, match=f"RecoveryPeriodInDays is {days}, not 1 to 35"):
        site.deploy({"Table": table(PointInTimeRecoverySpecification=recovery)})


@pytest.mark.parametrize("less", ["SSEType", "SSEEnabled"])
def test_a_tables_key_needs_its_type(site: Site, less: str) -> None:
    sse = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}
    site.deploy({"Key": key(), "Table": table(SSESpecification=sse)}, name="whole")
    sse[less] = False if less == "SSEEnabled" else "AES256"
    with pytest.raises(StackproofError, match="KMSMasterKeyId needs SSEType KMS and SSEEnabled true"):
        site.deploy({"Key": key(), "Table": table(SSESpecification=sse)})


def test_expiry_may_be_declared_and_off(site: Site) -> None:
    stack = site.deploy({"Table": table(TimeToLiveSpecification={"AttributeName": "until", "Enabled": False})})
    name = stack.resources["Table"].physical_id
    expiry = site.world.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"AWS_REGION": "x"}, "AWS_REGION is a reserved key"), ({"A": "x" * 4096}, "larger than 4096 bytes")],
)
def test_an_environment_that_lambda_refuses(site: Site, variables: dict[str, str], said: str) -> None:
    function = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "Environment": {"Variables": variables}}}
    with pytest.raises(DeploymentFailed, match=said):
        site.deploy({"Role": ROLE, "Function": function})


def test_lambda_must_be_able_to_assume_the_role(site: Site) -> None:
    site.access.denied.add(("lambda.amazonaws.com", "sts:AssumeRole"))
    with pytest.raises(DeploymentFailed, match="cannot be assumed by Lambda"):
        site.deploy({"Role": ROLE, "Function": FUNCTION})


@pytest.mark.parametrize("text", ["{{resolve:ssm:/a}}", {"Fn::Sub": "{{resolve:secretsmanager:${AWS::StackName}}}"}])
def test_a_dynamic_reference_is_named(site: Site, text: Any) -> None:
    with pytest.raises(TemplateError, match=r"Topic\.DisplayName.*dynamic references"):
        site.deploy({"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": text}}})


def test_a_custom_resource_comes_before_all_that_it_does_not_name(site: Site) -> None:
    custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}}
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"FunctionName": {"Ref": "Function"}, "Action": "lambda:InvokeFunction", "Principal": "*"},
    }
    resources = {"Role": ROLE, "Function": FUNCTION, "Permission": permission, "Thing": custom}
    assert list(site.deploy(resources).resources) == ["Role", "Function", "Thing", "Permission"]
    named = {**resources, "Thing": {**custom, "DependsOn": "Permission"}}
    assert list(site.deploy(named, name="named").resources) == ["Role", "Function", "Permission", "Thing"]


def test_reservations_leave_a_hundred_to_the_others(site: Site) -> None:
    def function(reserved: int) -> dict[str, Any]:
        return {**FUNCTION, "Properties": {**FUNCTION["Properties"], "ReservedConcurrentExecutions": reserved}}

    site.deploy({"Role": ROLE, "One": function(400), "Other": function(500)}, name="fits")
    with pytest.raises(DeploymentFailed, match="below its minimum value of 100"):
        site.deploy({"Role": ROLE, "Third": function(1)})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Timeout": {"AttemptDurationSeconds": 59}}, "AttemptDurationSeconds is 59"),
        ({"RetryStrategy": {"Attempts": 11}}, "Attempts is 11, not 1 to 10"),
        ({"RetryStrategy": {"EvaluateOnExit": [{"OnExitCode": "1", "Action": "EXIT"}] * 6}}, "6 entries, at most 5"),
        (
            {"RetryStrategy": {"EvaluateOnExit": [{"OnStatusReason": "Host*EC2", "Action": "RETRY"}]}},
            r"EvaluateOnExit\[0\].OnStatusReason is 'Host\*EC2'",
        ),
        ({"RetryStrategy": {"EvaluateOnExit": [{"OnExitCode": "6?", "Action": "EXIT"}]}}, "OnExitCode is '6\\?'"),
    ],
)
def test_a_job_definition_has_its_bounds(site: Site, changes: dict[str, Any], said: str) -> None:
    container = {"Image": "image", "Command": ["true"], "Vcpus": 1, "Memory": 64}
    definition = {"Type": "container", "ContainerProperties": container, **changes}
    with pytest.raises(DeploymentFailed, match=said):
        site.deploy({"Definition": {"Type": "AWS::Batch::JobDefinition", "Properties": definition}})
