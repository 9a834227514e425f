"""Roles' calls through boto3 against deployed policies, encrypted data and resource policies."""

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.identity import Principal
from tests.embedded.iam.support import ACCOUNT, REGION, ROOT, ROOT_STATEMENT, Aws, allow, deny, document

BUCKET = "arn:aws:s3:::data"


def via(service: str, **context: str) -> dict[str, Any]:
    more = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com", **more}}


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    """Code, HTTP status and the permission that was missing."""
    answer = error.value.response
    message = answer["Error"]["Message"]
    missing = message.split("perform: ")[1].split(" ")[0] if "perform: " in message else message
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], missing


def bucket(aws: Aws, key: str | None = None, *, bucket_key: bool = True) -> None:
    s3 = aws.world.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    if key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
        s3.put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})


def table(aws: Aws, key: str | None = None) -> None:
    sse = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if key else {}
    aws.world.client("dynamodb").create_table(
        TableName="jobs",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("batch_id", "active")],
        KeySchema=[{"AttributeName": "batch_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "active-index",
                "KeySchema": [{"AttributeName": "active", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        **sse,
    )


def test_s3_writes_need_the_key_too(aws: Aws) -> None:
    key = aws.key()
    bucket(aws, key)
    put = allow("s3:PutObject", f"{BUCKET}/*")
    for number, (actions, missing) in enumerate(
        [
            ([], "kms:GenerateDataKey"),
            (["kms:GenerateDataKey"], "kms:Decrypt"),
            (["kms:Decrypt"], "kms:GenerateDataKey"),
        ]
    ):
        statements = [put, *(allow(action, key) for action in actions)]
        client = aws.as_role(aws.role(f"writer-{number}", *statements), "s3")
        with pytest.raises(ClientError) as error:
            client.put_object(Bucket="data", Key="k", Body=b"x")
        assert refusal(error) == ("AccessDenied", 403, missing)
    full = aws.role("writer", put, allow(["kms:GenerateDataKey", "kms:Decrypt"], key, Condition=via("s3")))
    aws.as_role(full, "s3").put_object(Bucket="data", Key="k", Body=b"x")


@pytest.mark.parametrize(("bucket_key", "works"), [(True, BUCKET), (False, f"{BUCKET}/k")])
def test_the_encryption_context_is_the_bucket_with_a_bucket_key_and_else_the_object(
    aws: Aws, bucket_key: bool, works: str
) -> None:
    key = aws.key()
    bucket(aws, key, bucket_key=bucket_key)
    aws.world.client("s3").put_object(Bucket="data", Key="k", Body=b"x")
    for number, context in enumerate((BUCKET, f"{BUCKET}/k")):
        condition = via("s3", **{"aws:s3:arn": context})
        read = aws.role(
            f"r{number}", allow("s3:GetObject", f"{BUCKET}/*"), allow("kms:Decrypt", key, Condition=condition)
        )
        client = aws.as_role(read, "s3")
        if context == works:
            assert client.get_object(Bucket="data", Key="k")["Body"].read() == b"x"
        else:
            with pytest.raises(ClientError) as error:
                client.get_object(Bucket="data", Key="k")
            assert refusal(error) == ("AccessDenied", 403, "kms:Decrypt")


def test_a_read_asks_for_the_key_of_the_object_and_not_of_the_bucket(aws: Aws) -> None:
    bucket(aws)
    aws.world.client("s3").put_object(Bucket="data", Key="old", Body=b"x")
    key = aws.key()
    aws.world.client("s3").put_bucket_encryption(
        Bucket="data",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]
        },
    )
    aws.world.client("s3").put_object(Bucket="data", Key="new", Body=b"x")
    client = aws.as_role(aws.role("reader", allow("s3:GetObject", f"{BUCKET}/*")), "s3")
    client.get_object(Bucket="data", Key="old")
    client.head_object(Bucket="data", Key="new")
    with pytest.raises(ClientError) as error:
        client.get_object(Bucket="data", Key="new")
    assert refusal(error)[2] == "kms:Decrypt"


def test_a_head_without_permission_has_no_words(aws: Aws) -> None:
    bucket(aws)
    client = aws.as_role(aws.role("nobody", allow("iam:GetUser")), "s3")
    with pytest.raises(ClientError) as error:
        client.head_object(Bucket="data", Key="k")
    assert refusal(error) == ("403", 403, "Forbidden")


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"ServerSideEncryption": "AES256"}, []),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/own"}, ["kms:GenerateDataKey", "kms:Decrypt"]),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/aws/s3"}, []),
    ],
)
def test_a_write_may_name_its_own_encryption(aws: Aws, headers: dict[str, str], asked: list[str]) -> None:
    own = aws.key()
    aws.world.client("kms").create_alias(AliasName="alias/own", TargetKeyId=own)
    bucket(aws, aws.key())
    role = aws.role("writer", allow("s3:PutObject", f"{BUCKET}/*"), allow("kms:*", own))
    aws.iam.check(aws.call(role, "s3", "PutObject", {"Bucket": "data", "Key": "k", **headers}))
    assert [(d.action, d.resource) for d in aws.iam.decisions if d.by == "implied"] == [(a, own) for a in asked]


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"ServerSideEncryption": "aws:kms"}, "without SSEKMSKeyId"),
        ({"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "alias/own"}, "aws:kms:dsse"),
        ({"SSECustomerAlgorithm": "AES256"}, "SSE-C"),
    ],
)
def test_encryption_that_is_not_emulated_is_an_error(aws: Aws, headers: dict[str, str], named: str) -> None:
    bucket(aws, aws.key())
    role = aws.role("writer", allow("s3:PutObject", f"{BUCKET}/*"))
    with pytest.raises(EmbeddedError, match=named):
        aws.iam.check(aws.call(role, "s3", "PutObject", {"Bucket": "data", "Key": "k", **headers}))


def test_a_version_needs_its_own_permission(aws: Aws) -> None:
    bucket(aws)
    operator = aws.world.client("s3")
    operator.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    version = operator.put_object(Bucket="data", Key="k", Body=b"x")["VersionId"]
    client = aws.as_role(aws.role("reader", allow("s3:GetObjectVersion", f"{BUCKET}/*")), "s3")
    assert client.get_object(Bucket="data", Key="k", VersionId=version)["Body"].read() == b"x"
    with pytest.raises(ClientError) as error:
        client.get_object(Bucket="data", Key="k")
    assert refusal(error)[2] == "s3:GetObject"


def test_a_missing_object_is_not_found_only_for_who_may_list(aws: Aws) -> None:
    bucket(aws)
    read = allow("s3:GetObject", f"{BUCKET}/*")
    listing = allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "manifests/*"}})
    blind = aws.as_role(aws.role("blind", read), "s3")
    seeing = aws.as_role(aws.role("seeing", read, listing), "s3")
    for client, key in ((blind, "manifests/1"), (seeing, "other/1")):
        with pytest.raises(ClientError) as error:
            client.get_object(Bucket="data", Key=key)
        assert refusal(error) == ("AccessDenied", 403, "s3:ListBucket")
    with pytest.raises(ClientError) as error:
        seeing.get_object(Bucket="data", Key="manifests/1")
    assert error.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_bucket_policy_demands_tls_and_conditional_writes(aws: Aws) -> None:
    bucket(aws)
    unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    policy = document(
        deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        deny("s3:PutObject", f"{BUCKET}/manifests/*", Principal="*", Sid="Once", Condition=unconditional),
    )
    aws.world.client("s3").put_bucket_policy(Bucket="data", Policy=policy)
    aws.world.client("s3").put_object(Bucket="data", Key="manifests/by-the-operator", Body=b"x")
    client = aws.as_role(aws.role("writer", allow("s3:PutObject", f"{BUCKET}/*")), "s3")
    client.put_object(Bucket="data", Key="attempts/1", Body=b"x")
    client.put_object(Bucket="data", Key="manifests/1", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        client.put_object(Bucket="data", Key="manifests/2", Body=b"x")
    assert "explicit deny in a resource-based policy" in error.value.response["Error"]["Message"]
    upload = client.create_multipart_upload(Bucket="data", Key="manifests/3")["UploadId"]
    client.upload_part(Bucket="data", Key="manifests/3", UploadId=upload, PartNumber=1, Body=b"x")


def test_table_items_need_the_tables_key(aws: Aws) -> None:
    key = aws.key()
    table(aws, key)
    read = allow("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/jobs")
    context = {"aws:dynamodb:tableName": "jobs", "aws:dynamodb:subscriberId": ACCOUNT}
    item = {"TableName": "jobs", "Key": {"batch_id": {"S": "b"}}}
    with pytest.raises(ClientError) as error:
        aws.as_role(aws.role("keyless", read), "dynamodb").get_item(**item)
    assert refusal(error) == ("AccessDeniedException", 400, "kms:Decrypt")
    reader = aws.role("reader", read, allow("kms:Decrypt", key, Condition=via("dynamodb", **context)))
    aws.as_role(reader, "dynamodb").get_item(**item)


def test_leading_keys_limit_items_statements_and_queries(aws: Aws) -> None:
    table(aws)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/jobs"
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["mine-*"]}}
    role = aws.role("own", allow("dynamodb:*", [arn, f"{arn}/index/*"], Condition=condition))
    client = aws.as_role(role, "dynamodb")
    statement = "SELECT * FROM jobs WHERE batch_id = ?"
    client.get_item(TableName="jobs", Key={"batch_id": {"S": "mine-1"}})
    client.execute_statement(Statement=statement, Parameters=[{"S": "mine-1"}])
    with pytest.raises(ClientError):
        client.get_item(TableName="jobs", Key={"batch_id": {"S": "yours"}})
    with pytest.raises(ClientError):
        client.execute_statement(Statement=statement, Parameters=[{"S": "yours"}])
    with pytest.raises(ClientError):
        client.query(
            TableName="jobs",
            IndexName="active-index",
            KeyConditionExpression="#a = :a",
            ExpressionAttributeNames={"#a": "active"},
            ExpressionAttributeValues={":a": {"S": "ACTIVE"}},
        )
    with pytest.raises(EmbeddedError, match="dynamodb:leadingkeys"):
        aws.iam.check(aws.call(role, "dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM jobs"}))


def test_a_tables_own_policy_denies(aws: Aws) -> None:
    table(aws)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/jobs"
    stop = document(deny("dynamodb:DeleteItem", arn, Principal="*"))
    aws.world.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=stop)
    client = aws.as_role(aws.role("writer", allow("dynamodb:*", arn)), "dynamodb")
    client.put_item(TableName="jobs", Item={"batch_id": {"S": "b"}})
    with pytest.raises(ClientError) as error:
        client.delete_item(TableName="jobs", Key={"batch_id": {"S": "b"}})
    assert refusal(error)[2] == "dynamodb:DeleteItem"


def test_senders_need_the_key_of_queue_and_topic(aws: Aws) -> None:
    key = aws.key()
    url = aws.world.client("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    topic = aws.world.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sender = aws.role("sender", allow(["sqs:SendMessage", "sns:Publish"], "*"))
    with pytest.raises(ClientError) as error:
        aws.as_role(sender, "sqs").send_message(QueueUrl=url, MessageBody="m")
    assert refusal(error) == ("KMS.AccessDeniedException", 400, "kms:GenerateDataKey")
    with pytest.raises(ClientError) as error:
        aws.as_role(sender, "sns").publish(TopicArn=topic, Message="m")
    assert refusal(error) == ("KMSAccessDenied", 400, "kms:GenerateDataKey")
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    with pytest.raises(AwsError, match="kms:GenerateDataKey"):
        aws.iam.require_role(sender, "sqs:SendMessage", queue)
    full = aws.role(
        "full",
        allow("sqs:SendMessage", queue),
        allow(["kms:GenerateDataKey", "kms:Decrypt"], key, Condition=via("sqs")),
    )
    aws.as_role(full, "sqs").send_message(QueueUrl=url, MessageBody="m")
    aws.iam.require_role(full, "sqs:SendMessage", queue)


def test_a_submission_is_judged_on_queue_and_revision_and_tags(aws: Aws) -> None:
    batch = aws.world.client("batch")
    for _ in range(2):
        batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            containerProperties={
                "image": "i",
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
            },
        )
    prefix = f"arn:aws:batch:{REGION}:{ACCOUNT}"
    queue = allow("batch:SubmitJob", f"{prefix}:job-queue/q")
    given = {"jobName": "n", "jobQueue": f"{prefix}:job-queue/q", "jobDefinition": "work", "tags": {"Project": "p"}}
    tag = allow(
        "batch:TagResource",
        f"{prefix}:job/*",
        Condition={
            "ForAllValues:StringEquals": {"aws:TagKeys": ["Project"]},
            "StringEquals": {"aws:RequestTag/Project": "p"},
        },
    )
    for name, definition, more, missing in (
        ("bare", "work", tag, f"{prefix}:job-definition/work:2"),
        ("first", "work:1", tag, f"{prefix}:job-definition/work:2"),
        ("untagged", "work:*", queue, f"{prefix}:job/*"),
    ):
        role = aws.role(name, queue, allow("batch:SubmitJob", f"{prefix}:job-definition/{definition}"), more)
        with pytest.raises(ClientError) as error:
            aws.as_role(role, "batch").submit_job(**given)
        assert error.value.response["Error"]["Message"].split("resource: ")[1].split(" ")[0] == missing
    role = aws.role("full", queue, allow("batch:SubmitJob", f"{prefix}:job-definition/work:*"), tag)
    aws.iam.check(aws.call(role, "batch", "SubmitJob", given))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "status"),
    [
        ("s3", "list_objects_v2", {"Bucket": "data"}, "AccessDenied", 403),
        ("dynamodb", "get_item", {"TableName": "t", "Key": {"a": {"S": "b"}}}, "AccessDeniedException", 400),
        ("sqs", "get_queue_url", {"QueueName": "q"}, "AccessDenied", 403),
        (
            "sns",
            "publish",
            {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "Message": "m"},
            "AuthorizationError",
            403,
        ),
        ("lambda", "invoke", {"FunctionName": "f"}, "AccessDeniedException", 403),
        ("batch", "describe_jobs", {"jobs": ["j"]}, "AccessDeniedException", 403),
        ("logs", "create_log_stream", {"logGroupName": "g", "logStreamName": "s"}, "AccessDeniedException", 400),
        ("events", "put_events", {"Entries": [{"Source": "s"}]}, "AccessDeniedException", 400),
        ("xray", "put_trace_segments", {"TraceSegmentDocuments": ["{}"]}, "AccessDeniedException", 403),
        ("cloudwatch", "list_metrics", {}, "AccessDenied", 403),
        ("ecr", "get_authorization_token", {}, "AccessDeniedException", 400),
    ],
)
def test_each_service_denies_in_its_own_form(
    aws: Aws, service: str, operation: str, parameters: dict[str, Any], code: str, status: int
) -> None:
    client = aws.as_role(aws.role("nobody", allow("iam:GetUser")), service)
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(**parameters)
    assert refusal(error)[:2] == (code, status)
    message = error.value.response["Error"]["Message"]
    assert message.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/nobody/run-1 is not authorized to perform: ")


def test_managed_policies_count_and_changes_are_seen_at_once(aws: Aws) -> None:
    iam = aws.world.client("iam")
    role = aws.role("worker", allow("iam:GetUser"))
    managed = iam.create_policy(PolicyName="shared", PolicyDocument=document(allow("batch:DescribeJobs")))["Policy"][
        "Arn"
    ]
    client = aws.as_role(role, "batch")
    with pytest.raises(ClientError):
        client.describe_jobs(jobs=["j"])
    iam.attach_role_policy(RoleName="worker", PolicyArn=managed)
    client.describe_jobs(jobs=["j"])
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document(deny("*")))
    with pytest.raises(ClientError):
        client.describe_jobs(jobs=["j"])


def test_a_permissions_boundary_is_an_error(aws: Aws) -> None:
    iam = aws.world.client("iam")
    managed = iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("*")))["Policy"]["Arn"]
    role = iam.create_role(RoleName="bound", AssumeRolePolicyDocument="{}", PermissionsBoundary=managed)["Role"]["Arn"]
    with pytest.raises(EmbeddedError, match="permissions boundary"):
        aws.iam.decide(Principal(arn=role, session="s"), "batch:DescribeJobs", "*", {})


def test_an_unknown_role_is_an_error_and_an_external_one_is_judged(aws: Aws) -> None:
    bucket(aws)
    producer = f"arn:aws:iam::{ACCOUNT}:role/producer"
    with pytest.raises(EmbeddedError, match="add_external"):
        aws.iam.check(aws.call(producer, "s3", "PutObject", {"Bucket": "data", "Key": "k"}))
    aws.iam.add_external(producer, policies=[document(allow("s3:PutObject", f"{BUCKET}/*"))])
    aws.as_role(producer, "s3").put_object(Bucket="data", Key="k", Body=b"x")


def test_an_identity_of_another_account_needs_the_bucket_and_the_key_to_let_it_in(aws: Aws) -> None:
    foreign = "arn:aws:iam::999999999999:role/producer"
    inside = allow("kms:*", Principal={"AWS": foreign}, Condition=via("s3"))
    closed, opened = aws.key(), aws.key(ROOT_STATEMENT, inside)
    bucket(aws, closed)
    aws.iam.add_external(foreign, policies=[document(allow(["s3:PutObject", "kms:*"]))])
    put = aws.call(foreign, "s3", "PutObject", {"Bucket": "data", "Key": "k"})
    with pytest.raises(AwsError, match=r"perform: s3:PutObject .* no resource-based policy"):
        aws.iam.check(put)
    policy = document(allow("s3:PutObject", f"{BUCKET}/*", Principal={"AWS": foreign}))
    aws.world.client("s3").put_bucket_policy(Bucket="data", Policy=policy)
    with pytest.raises(AwsError, match=r"perform: kms:GenerateDataKey .* no resource-based policy"):
        aws.iam.check(put)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": opened}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    aws.world.client("s3").put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration=rules)
    aws.iam.check(put)


def test_the_operator_is_not_judged(aws: Aws) -> None:
    aws.world.client("s3").list_buckets()
    assert dict(aws.iam.decisions) == {}


def test_grants_are_listed_and_left_out_one_by_one(aws: Aws) -> None:
    role = aws.role("worker", allow("batch:DescribeJobs", Sid="Look"), deny("s3:*"), allow("batch:ListJobs"))
    assert [(g.name, g.index, g.statement["Action"]) for g in aws.iam.grants(role)] == [
        ("own/Look", 0, "batch:DescribeJobs"),
        ("own/#2", 2, "batch:ListJobs"),
    ]
    worker = Principal(arn=role, session="s")
    for statement in (aws.iam.grants(role)[0], "own/Look", "Look"):
        with aws.iam.without(role, statement) as grant:
            assert grant.name == "own/Look"
            assert not aws.iam.decide(worker, "batch:DescribeJobs", "*", {}).allowed
            assert aws.iam.decide(worker, "batch:ListJobs", "*", {}).allowed
        assert aws.iam.decide(worker, "batch:DescribeJobs", "*", {}).allowed
    with pytest.raises(EmbeddedError, match="0 Allow statements"), aws.iam.without(role, "Nothing"):
        pass


def test_decisions_are_kept_as_plain_data(aws: Aws) -> None:
    bucket(aws, aws.key())
    key = aws.world.client("kms").list_keys()["Keys"][0]["KeyArn"]
    role = aws.role("lister", allow("s3:ListBucket", BUCKET, Sid="List"))
    client = aws.as_role(role, "s3")
    for _ in range(2):
        client.list_objects_v2(Bucket="data", Prefix="manifests/")
    with pytest.raises(ClientError):
        client.put_object(Bucket="data", Key="k", Body=b"x")
    assert [(d.action, d.resource, d.allowed, d.statements, d.by, n) for d, n in aws.iam.decisions.items()] == [
        ("s3:ListBucket", BUCKET, True, ("own/List",), "call", 2),
        ("s3:PutObject", f"{BUCKET}/k", False, (), "call", 1),
    ]
    assert ("s3:prefix", ("manifests/",)) in next(iter(aws.iam.decisions)).context
    saved = copy.deepcopy(aws.world.states)
    aws.iam.decide(Principal(arn=role, session="s"), "kms:Decrypt", key, {"kms:ViaService": "x"})
    assert len(aws.iam.decisions) == 3
    aws.world.states.clear()
    aws.world.states.update(saved)
    assert len(aws.iam.decisions) == 2


def test_a_role_is_told_by_its_arn_account_and_tags(aws: Aws) -> None:
    conditions = {
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/tagged"},
        "StringEquals": {
            "aws:PrincipalAccount": ACCOUNT,
            "aws:ResourceAccount": ACCOUNT,
            "aws:RequestedRegion": REGION,
            "aws:PrincipalTag/Team": "batch",
        },
        "Bool": {"aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "false"},
        "DateLessThan": {"aws:CurrentTime": "2026-11-16T08:00:01Z"},
        "Null": {"aws:SourceArn": "true", "aws:SourceAccount": "true"},
    }
    aws.world.client("iam").create_role(
        RoleName="tagged", AssumeRolePolicyDocument="{}", Tags=[{"Key": "Team", "Value": "batch"}]
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:ListBucket", BUCKET, Condition=conditions)]})
    aws.world.client("iam").put_role_policy(RoleName="tagged", PolicyName="own", PolicyDocument=policy)
    tagged = Principal(arn=f"arn:aws:iam::{ACCOUNT}:role/tagged", session="s")
    assert aws.iam.decide(tagged, "s3:ListBucket", BUCKET, {}).reason == "own/#0"
    aws.world.clock.advance(2)
    assert not aws.iam.decide(tagged, "s3:ListBucket", BUCKET, {}).allowed


def test_the_accounts_root_in_a_key_policy_lets_iam_decide(aws: Aws) -> None:
    closed = aws.key(allow("kms:*", Principal={"AWS": f"{ROOT[:-4]}role/admin"}))
    role = aws.role("reader", allow("kms:Decrypt"))
    principal = Principal(arn=role, session="s")
    assert not aws.iam.decide(principal, "kms:Decrypt", closed, {}).allowed
    assert aws.iam.decide(principal, "kms:Decrypt", aws.key(), {}).allowed
