"""AWS services as themselves: by the resource's policy, and by the policy of the key that guards it."""

import io
import zipfile
from typing import Any

import pytest

from stackproof.embedded.errors import AwsError, EmbeddedError
from tests.embedded.iam.support import ACCOUNT, REGION, ROOT_STATEMENT, Aws, allow, deny, document

EVENTS, ALARMS, S3 = "events.amazonaws.com", "cloudwatch.amazonaws.com", "s3.amazonaws.com"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/monitor"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:failed"
SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"arn:aws:*:*:{ACCOUNT}:*"}}


def queue(aws: Aws, *statements: dict[str, Any], key: str = "") -> str:
    attributes = {"KmsMasterKeyId": key} if key else {}
    if statements:
        attributes["Policy"] = document(*statements)
    aws.world.client("sqs").create_queue(QueueName="letters", Attributes=attributes)
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"


def topic(aws: Aws, *statements: dict[str, Any], key: str = "") -> str:
    attributes = {"KmsMasterKeyId": key} if key else {}
    if statements:
        attributes["Policy"] = document(*statements)
    arn: str = aws.world.client("sns").create_topic(Name="alarms", Attributes=attributes)["TopicArn"]
    return arn


def function(aws: Aws) -> str:
    role = aws.role("worker", allow("logs:PutLogEvents"))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("m.py", "def handler(event, context): ...")
    arn: str = aws.world.client("lambda").create_function(
        FunctionName="submit", Runtime="python3.13", Role=role, Handler="m.handler", Code={"ZipFile": code.getvalue()}
    )["FunctionArn"]
    return arn


def send(service: str = EVENTS, **more: Any) -> dict[str, Any]:
    return allow("sqs:SendMessage", Principal={"Service": service}, **more)


def publish(service: str, **more: Any) -> dict[str, Any]:
    return allow("sns:Publish", Principal={"Service": service}, **more)


def use(service: str, **more: Any) -> dict[str, Any]:
    return allow(["kms:GenerateDataKey*", "kms:Decrypt"], Principal={"Service": service}, Sid="Use", **more)


def test_a_queue_takes_letters_of_the_rule_that_its_policy_names(aws: Aws) -> None:
    arn = queue(aws, send(Condition={"ArnEquals": {"aws:SourceArn": RULE}}))
    aws.iam.require_service(EVENTS, "sqs:SendMessage", arn, source_arn=RULE)
    with pytest.raises(AwsError, match=r"AccessDenied: User: events.amazonaws.com .* no resource-based policy"):
        aws.iam.require_service(EVENTS, "sqs:SendMessage", arn, source_arn=f"{RULE}-other")
    with pytest.raises(AwsError):
        aws.iam.require_service("sns.amazonaws.com", "sqs:SendMessage", arn, source_arn=RULE)


def test_a_queue_without_a_policy_takes_nothing(aws: Aws) -> None:
    with pytest.raises(AwsError, match="sqs:SendMessage"):
        aws.iam.require_service(EVENTS, "sqs:SendMessage", queue(aws), source_arn=RULE)


def test_a_deny_for_everybody_hits_services_too(aws: Aws) -> None:
    arn = queue(aws, send(), deny("sqs:*", Principal="*", Condition={"StringNotEquals": {"aws:PrincipalAccount": "1"}}))
    with pytest.raises(AwsError, match="explicit deny in a resource-based policy"):
        aws.iam.require_service(EVENTS, "sqs:SendMessage", arn, source_arn=RULE)


def test_a_deny_of_plain_http_hits_nobody(aws: Aws) -> None:
    tls = deny("sqs:*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    aws.iam.require_service(EVENTS, "sqs:SendMessage", queue(aws, send(), tls), source_arn=RULE)


def test_an_encrypted_queue_needs_the_key_to_let_the_service_in(aws: Aws) -> None:
    arn = queue(aws, send(), key=aws.key())
    with pytest.raises(AwsError, match="kms:GenerateDataKey"):
        aws.iam.require_service(EVENTS, "sqs:SendMessage", arn, source_arn=RULE)


def test_the_keys_source_conditions_hold_for_queues_but_not_for_rules_to_topics(aws: Aws) -> None:
    key = aws.key(ROOT_STATEMENT, use(EVENTS, Condition=SOURCE), use(ALARMS, Condition=SOURCE))
    letters = queue(aws, send(), key=key)
    alarms = topic(aws, publish(EVENTS), publish(ALARMS), key=key)
    aws.iam.require_service(EVENTS, "sqs:SendMessage", letters, source_arn=RULE)
    aws.iam.require_service(ALARMS, "sns:Publish", alarms, source_arn=ALARM)
    with pytest.raises(AwsError, match="kms:GenerateDataKey"):
        aws.iam.require_service(EVENTS, "sns:Publish", alarms, source_arn=RULE)


def test_the_topics_own_policy_may_limit_rules_by_their_source(aws: Aws) -> None:
    arn = topic(aws, publish(EVENTS, Condition=SOURCE), key=aws.key(ROOT_STATEMENT, use(EVENTS)))
    aws.iam.require_service(EVENTS, "sns:Publish", arn, source_arn=RULE)
    with pytest.raises(AwsError, match="SNS:Publish"):
        aws.iam.require_service(EVENTS, "sns:Publish", arn, source_arn="arn:aws:events:eu-central-1:1:rule/x")


def test_the_key_that_aws_manages_lets_roles_in_and_no_service(aws: Aws) -> None:
    arn = topic(aws, publish(ALARMS), key="alias/aws/sns")
    with pytest.raises(AwsError, match="AWS managed key"):
        aws.iam.require_service(ALARMS, "sns:Publish", arn, source_arn=ALARM)
    role = aws.role("sender", allow("sns:Publish", arn))
    aws.iam.require_role(role, "sns:Publish", arn)


def test_the_default_policy_of_a_topic_lets_alarms_in_and_no_rules_or_roles(aws: Aws) -> None:
    arn = topic(aws)
    aws.iam.require_service(ALARMS, "sns:Publish", arn, source_arn=ALARM)
    with pytest.raises(AwsError):
        aws.iam.require_service(EVENTS, "sns:Publish", arn, source_arn=RULE)
    with pytest.raises(AwsError):
        aws.iam.require_role(aws.role("nobody", allow("s3:ListBucket")), "sns:Publish", arn)


def test_a_function_runs_for_the_bucket_and_account_that_it_lets_in(aws: Aws) -> None:
    arn = function(aws)
    bucket = "arn:aws:s3:::inbox"
    with pytest.raises(AwsError, match="lambda:InvokeFunction"):
        aws.iam.require_service(S3, "lambda:InvokeFunction", arn, source_arn=bucket)
    aws.world.client("lambda").add_permission(
        FunctionName="submit",
        StatementId="Inbox",
        Action="lambda:InvokeFunction",
        Principal=S3,
        SourceArn=bucket,
        SourceAccount=ACCOUNT,
    )
    aws.iam.require_service(S3, "lambda:InvokeFunction", arn, source_arn=bucket)
    with pytest.raises(AwsError):
        aws.iam.require_service(S3, "lambda:InvokeFunction", arn, source_arn="arn:aws:s3:::other")
    with pytest.raises(AwsError):
        aws.iam.require_service(EVENTS, "lambda:InvokeFunction", arn, source_arn=bucket)
    [last] = [d for d in aws.iam.decisions if d.allowed]
    assert (last.principal, last.by, last.statements) == (S3, "service", (f"policy of {arn}/Inbox",))


def test_log_delivery_follows_the_bucket_policy(aws: Aws) -> None:
    aws.world.client("s3").create_bucket(Bucket="access", CreateBucketConfiguration={"LocationConstraint": REGION})
    condition = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::inbox"},
    }
    service = "logging.s3.amazonaws.com"
    statement = allow("s3:PutObject", "arn:aws:s3:::access/in/*", Principal={"Service": service}, Condition=condition)
    aws.world.client("s3").put_bucket_policy(Bucket="access", Policy=document(statement))
    aws.iam.require_service(service, "s3:PutObject", "arn:aws:s3:::access/in/1", source_arn="arn:aws:s3:::inbox")
    with pytest.raises(AwsError):
        aws.iam.require_service(service, "s3:PutObject", "arn:aws:s3:::access/out/1", source_arn="arn:aws:s3:::inbox")


def test_what_kms_sees_of_a_service_behind_a_service_is_not_guessed(aws: Aws) -> None:
    guess = use(EVENTS, Condition={"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}})
    arn = queue(aws, send(), key=aws.key(ROOT_STATEMENT, guess))
    with pytest.raises(EmbeddedError, match="kms:viaservice"):
        aws.iam.require_service(EVENTS, "sqs:SendMessage", arn, source_arn=RULE)


def test_an_action_of_a_service_outside_the_table_is_an_error(aws: Aws) -> None:
    with pytest.raises(EmbeddedError, match="glacier"):
        aws.iam.require_role(aws.role("r", allow("*")), "glacier:ListVaults", "*")


def test_image_pulls_and_logs_are_judged_by_the_role(aws: Aws) -> None:
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/batch/s:log-stream:a"
    role = aws.role(
        "execution",
        allow("ecr:GetAuthorizationToken"),
        allow("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/batch/s:*"),
    )
    aws.iam.require_role(role, "ecr:GetAuthorizationToken", "*")
    aws.iam.require_role(role, "logs:PutLogEvents", stream)
    with pytest.raises(AwsError, match=r"AccessDenied: User: .*assumed-role/execution/service is not authorized"):
        aws.iam.require_role(role, "logs:CreateLogStream", stream)
