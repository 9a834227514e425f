"""The project's stack in the embedded AWS: what was declared is what boto3 shows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackproof.embedded.deploy import Stack
from stackproof.embedded.deploy.load import load
from tests.embedded.deploy.support import TEMPLATE, Site, new_world, producer_exists


@pytest.fixture(scope="module", params=["dev", "prod"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Stack]]:
    with new_world() as world:
        producer_exists(world)
        site = Site(world=world, folder=tmp_path_factory.mktemp("templates"))
        yield site, site.deploy_stack(request.param)


def name(stack: Stack, logical_id: str) -> str:
    return stack.resources[logical_id].physical_id


def p(stack: Stack, logical_id: str) -> Any:
    return stack.resources[logical_id].properties


def test_every_resource_whose_condition_holds_is_there(place: tuple[Site, Stack]) -> None:
    _, stack = place
    wanted = {
        logical_id
        for logical_id, declared in load(TEMPLATE).resources.items()
        if declared.condition is None or stack.conditions[declared.condition]
    }
    assert set(stack.resources) == wanted
    assert all(resource.physical_id for resource in stack.resources.values())


def test_resources_stand_after_what_they_depend_on(place: tuple[Site, Stack]) -> None:
    _, stack = place
    made = list(stack.resources)
    for logical_id, resource in stack.resources.items():
        for needed in resource.depends_on:
            assert made.index(needed) < made.index(logical_id)


@pytest.mark.parametrize("table", ["JobsTable", "AuditTable"])
def test_tables(place: tuple[Site, Stack], table: str) -> None:
    site, stack = place
    client, physical = site.client("dynamodb"), name(stack, table)
    about = client.describe_table(TableName=physical)["Table"]
    assert about["DeletionProtectionEnabled"] is True
    assert about["SSEDescription"]["KMSMasterKeyArn"] == stack.resources["DataKey"].arn
    backups = client.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert (recovery["PointInTimeRecoveryStatus"], recovery["RecoveryPeriodInDays"]) == ("ENABLED", 35)


def test_audit_events_expire(place: tuple[Site, Stack]) -> None:
    site, stack = place
    answer = site.client("dynamodb").describe_time_to_live(TableName=name(stack, "AuditTable"))
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


@pytest.mark.parametrize("bucket", ["InboxBucket", "ResultsBucket", "ArchiveBucket"])
def test_buckets(place: tuple[Site, Stack], bucket: str) -> None:
    site, stack = place
    client, physical = site.client("s3"), name(stack, bucket)
    rules = client.get_bucket_encryption(Bucket=physical)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["BucketKeyEnabled"] is True
    chosen = rules[0]["ApplyServerSideEncryptionByDefault"]
    assert chosen == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": stack.resources["DataKey"].arn}
    assert client.get_bucket_versioning(Bucket=physical)["Status"] == "Enabled"
    block = client.get_public_access_block(Bucket=physical)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    logging = client.get_bucket_logging(Bucket=physical)["LoggingEnabled"]
    assert logging["TargetBucket"] == name(stack, "AccessLogBucket")
    lifecycle = client.get_bucket_lifecycle_configuration(Bucket=physical)["Rules"]
    declared = p(stack, bucket)["LifecycleConfiguration"]["Rules"]
    assert {rule["ID"] for rule in lifecycle} == {rule["Id"] for rule in declared}
    aborted = {
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] for rule in declared if "Abort" in str(rule)
    }
    found = [rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") for rule in lifecycle]
    assert aborted <= set(found)
    tags = {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=physical)["TagSet"]}
    assert tags["aws:cloudformation:logical-id"] == bucket
    assert tags["Project"] == "batchflow"


def test_the_archive_is_locked(place: tuple[Site, Stack]) -> None:
    site, stack = place
    answer = site.client("s3").get_object_lock_configuration(Bucket=name(stack, "ArchiveBucket"))
    rule = p(stack, "ArchiveBucket")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    retention = answer["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert {key: str(value) for key, value in retention.items()} == {key: str(value) for key, value in rule.items()}


def test_queues_and_topic_use_the_telemetry_key(place: tuple[Site, Stack]) -> None:
    site, stack = place
    key = stack.resources["TelemetryKey"]
    for queue in [r for r in stack.resources.values() if r.type == "AWS::SQS::Queue"]:
        answer = site.client("sqs").get_queue_attributes(QueueUrl=queue.physical_id, AttributeNames=["All"])
        assert answer["Attributes"]["KmsMasterKeyId"] in (key.arn, key.physical_id)
    topic = site.client("sns").get_topic_attributes(TopicArn=name(stack, "AlarmTopic"))["Attributes"]
    assert topic["KmsMasterKeyId"] in (key.arn, key.physical_id)


def test_keys_rotate(place: tuple[Site, Stack]) -> None:
    site, stack = place
    for key in ("DataKey", "TelemetryKey"):
        status = site.client("kms").get_key_rotation_status(KeyId=name(stack, key))
        assert status["KeyRotationEnabled"] is True
        assert status["RotationPeriodInDays"] == int(p(stack, key)["RotationPeriodInDays"])


def test_log_groups_keep_their_key_and_retention(place: tuple[Site, Stack]) -> None:
    site, stack = place
    for group in [r for r in stack.resources.values() if r.type == "AWS::Logs::LogGroup"]:
        found = site.client("logs").describe_log_groups(logGroupNamePrefix=group.physical_id)["logGroups"][0]
        assert found["kmsKeyId"] == stack.resources["TelemetryKey"].arn
        assert found["retentionInDays"] == int(group.properties["RetentionInDays"])


def test_explicit_egress_takes_the_place_of_the_default_rule(place: tuple[Site, Stack]) -> None:
    site, stack = place
    for logical_id in ("ComputeSecurityGroup", "EndpointSecurityGroup"):
        answer = site.client("ec2").describe_security_groups(GroupIds=[name(stack, logical_id)])
        egress = answer["SecurityGroups"][0]["IpPermissionsEgress"]
        assert "-1" not in [rule["IpProtocol"] for rule in egress]


def test_roles_carry_exactly_the_declared_policies(place: tuple[Site, Stack]) -> None:
    site, stack = place
    client = site.client("iam")
    for role in [r for r in stack.resources.values() if r.type == "AWS::IAM::Role"]:
        declared = {policy["PolicyName"]: policy["PolicyDocument"] for policy in role.properties.get("Policies", [])}
        names = client.list_role_policies(RoleName=role.physical_id)["PolicyNames"]
        answers = [client.get_role_policy(RoleName=role.physical_id, PolicyName=policy) for policy in names]
        assert {answer["PolicyName"]: answer["PolicyDocument"] for answer in answers} == declared
        about = client.get_role(RoleName=role.physical_id)["Role"]
        assert about["AssumeRolePolicyDocument"] == role.properties["AssumeRolePolicyDocument"]


def test_the_job_definition(place: tuple[Site, Stack]) -> None:
    site, stack = place
    answer = site.client("batch").describe_job_definitions(jobDefinitions=[name(stack, "JobDefinition")])
    found, declared = answer["jobDefinitions"][0], p(stack, "JobDefinition")
    assert found["timeout"]["attemptDurationSeconds"] == int(declared["Timeout"]["AttemptDurationSeconds"])
    assert found["retryStrategy"]["attempts"] == int(declared["RetryStrategy"]["Attempts"])
    assert len(found["retryStrategy"]["evaluateOnExit"]) == len(declared["RetryStrategy"]["EvaluateOnExit"])
    container = found["containerProperties"]
    assert container["user"] == declared["ContainerProperties"]["User"]
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"]["tmpfs"][0]["containerPath"]
    assert found["propagateTags"] is True


def test_the_compute_environment_and_its_queue(place: tuple[Site, Stack]) -> None:
    site, stack = place
    client = site.client("batch")
    answer = client.describe_compute_environments(computeEnvironments=[name(stack, "ComputeEnvironment")])
    found, declared = answer["computeEnvironments"][0], p(stack, "ComputeEnvironment")
    minutes = int(declared["UpdatePolicy"]["JobExecutionTimeoutMinutes"])
    assert found["updatePolicy"] == {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": minutes}
    assert found["serviceRole"].endswith("/AWSServiceRoleForBatch")
    assert found["computeResources"]["maxvCpus"] == int(declared["ComputeResources"]["MaxvCpus"])
    template = found["computeResources"]["launchTemplate"]
    assert template == {"launchTemplateId": name(stack, "LaunchTemplate"), "version": "1"}
    queue = client.describe_job_queues(jobQueues=[name(stack, "JobQueue")])["jobQueues"][0]
    reasons = [action["reason"] for action in queue["jobStateTimeLimitActions"]]
    assert reasons == [action["Reason"] for action in p(stack, "JobQueue")["JobStateTimeLimitActions"]]


def test_the_launch_template_encrypts_and_demands_tokens(place: tuple[Site, Stack]) -> None:
    site, stack = place
    answer = site.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=name(stack, "LaunchTemplate"), Versions=["$Latest"]
    )
    data = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert {spec["ResourceType"] for spec in data["TagSpecifications"]} == {"instance", "volume"}


def test_alarms_keep_dimensions_and_missing_data(place: tuple[Site, Stack]) -> None:
    site, stack = place
    alarms = [r for r in stack.resources.values() if r.type == "AWS::CloudWatch::Alarm"]
    for alarm in alarms:
        found = site.client("cloudwatch").describe_alarms(AlarmNames=[alarm.physical_id])["MetricAlarms"][0]
        assert found["TreatMissingData"] == alarm.properties["TreatMissingData"]
        assert found["AlarmActions"] == alarm.properties["AlarmActions"]
        if "Dimensions" in alarm.properties:
            assert found["Dimensions"] == alarm.properties["Dimensions"]
        else:
            assert [m["Id"] for m in found["Metrics"]] == [m["Id"] for m in alarm.properties["Metrics"]]


def test_functions(place: tuple[Site, Stack]) -> None:
    site, stack = place
    client = site.client("lambda")
    for function in [r for r in stack.resources.values() if r.type == "AWS::Lambda::Function"]:
        found = client.get_function(FunctionName=function.physical_id)["Configuration"]
        declared = function.properties
        assert found["DeadLetterConfig"] == declared["DeadLetterConfig"]
        assert found["TracingConfig"]["Mode"] == declared["TracingConfig"]["Mode"]
        assert found["KMSKeyArn"] == declared["KmsKeyArn"]
        assert found["LoggingConfig"] == declared["LoggingConfig"]
        assert found.get("Environment", {}).get("Variables", {}) == declared.get("Environment", {}).get("Variables", {})
        policy = (
            json.loads(client.get_policy(FunctionName=function.physical_id)["Policy"])
            if _invoked(stack, function)
            else {}
        )
        for statement in policy.get("Statement", []):
            assert statement["Condition"]["StringEquals"]["AWS:SourceAccount"] == site.world.account.id


def _invoked(stack: Stack, function: Any) -> bool:
    permissions = [r.properties for r in stack.resources.values() if r.type == "AWS::Lambda::Permission"]
    return any(p["FunctionName"] in (function.physical_id, function.arn) for p in permissions)


def test_stack_tags_reach_resources_and_cloudformations_only_where_it_sets_them(place: tuple[Site, Stack]) -> None:
    site, stack = place
    topic = site.client("sns").list_tags_for_resource(ResourceArn=name(stack, "AlarmTopic"))["Tags"]
    assert {"Key": "aws:cloudformation:stack-name", "Value": "batchflow"} in topic
    role = site.client("iam").list_role_tags(RoleName=name(stack, "SubmitRole"))["Tags"]
    assert not [tag for tag in role if tag["Key"].startswith("aws:")]


def test_the_custom_resource_got_texts(place: tuple[Site, Stack]) -> None:
    site, stack = place
    event = site.functions.events[0]
    assert event["RequestType"] == "Create"
    assert event["ResourceProperties"]["BucketName"] == name(stack, "InboxBucket")
    assert event["ResourceProperties"]["ServiceTimeout"] == str(p(stack, "InboxNotification")["ServiceTimeout"])


def test_the_same_again_changes_nothing(place: tuple[Site, Stack], tmp_path: Path) -> None:
    site, stack = place
    before, calls = len(site.functions.events), site.world.seam.count
    again = site.deploy_stack("dev" if stack.parameters["EnvironmentName"] == "dev" else "prod")
    assert again == stack
    assert len(site.functions.events) == before
    assert site.world.seam.count - calls < 5
