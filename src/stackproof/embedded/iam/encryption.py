"""What a request asks of KMS through the service that keeps the data (aws-facts section 1).

S3 writes: GenerateDataKey and Decrypt; S3 reads: Decrypt of the key that the object was written with; DynamoDB items:
Decrypt, for reads and writes; SQS and SNS senders: GenerateDataKey and Decrypt, receivers: Decrypt. A key that AWS
manages (`alias/aws/...`) lets every role of the account in through its service, and no other service.
"""

from collections.abc import Mapping
from typing import Any

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.deployed import Deployed, Encryption
from stackproof.embedded.iam.operations.entry import Need, Values

_SEND = ("kms:GenerateDataKey", "kms:Decrypt")
_READ = ("kms:Decrypt",)
_DATA: dict[str, tuple[str, ...]] = {
    "s3:PutObject": _SEND,
    "s3:GetObject": _READ,
    "s3:GetObjectVersion": _READ,
    "sqs:SendMessage": _SEND,
    "sqs:ReceiveMessage": _READ,
    "sns:Publish": _SEND,
    "dynamodb:GetItem": _READ,
    "dynamodb:PutItem": _READ,
    "dynamodb:UpdateItem": _READ,
    "dynamodb:DeleteItem": _READ,
    "dynamodb:Query": _READ,
    "dynamodb:Scan": _READ,
    "dynamodb:BatchGetItem": _READ,
    "dynamodb:BatchWriteItem": _READ,
    "dynamodb:ConditionCheckItem": _READ,
    "dynamodb:PartiQLInsert": _READ,
    "dynamodb:PartiQLUpdate": _READ,
    "dynamodb:PartiQLDelete": _READ,
    "dynamodb:PartiQLSelect": _READ,
}


def implied(
    need: Need, deployed: Deployed, parameters: Mapping[str, Any], operation: str
) -> tuple[Encryption | None, list[Need]]:
    """How the data behind a permission is encrypted (None: by no key of KMS) and what is then asked of the key."""
    actions = _DATA.get(need.action, ())
    if not actions or (operation == "HeadObject" and "ChecksumMode" not in parameters):
        return None, []  # API HeadObject: the key is only needed to show a checksum
    encryption = _encryption(need, deployed, parameters)
    if encryption is None or encryption.key is None:
        return encryption, []
    service = need.action.partition(":")[0]
    context: dict[str, Values] = {
        f"kms:encryptioncontext:{name}".lower(): (value,) for name, value in encryption.context.items()
    }
    context["kms:encryptioncontextkeys"] = tuple(encryption.context)
    context["kms:viaservice"] = (f"{service}.{deployed.account.region}.amazonaws.com",)
    context["kms:encryptionalgorithm"] = ("SYMMETRIC_DEFAULT",)
    return encryption, [Need(action=a, resource=encryption.key, context=context, via=service) for a in actions]


def _encryption(need: Need, deployed: Deployed, parameters: Mapping[str, Any]) -> Encryption | None:
    name = need.resource.split(":", 5)[5]
    match need.action.partition(":")[0]:
        case "dynamodb":
            table = name.split("/")[1]
            context = {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": deployed.account.id}
            return _guard(deployed, deployed.table_key(table), context)
        case "sqs":
            return _guard(deployed, deployed.queue_key(name), {"aws:sqs:arn": need.resource})
        case "sns":
            return _guard(deployed, deployed.topic_key(need.resource), {"aws:sns:topicArn": need.resource})
    bucket, _, key = name.partition("/")
    if need.action == "s3:PutObject":
        return _written(deployed, bucket, need.resource, parameters)
    version = need.context.get("s3:versionid", (None,))[0]
    return _stored(deployed, bucket, key, version, need.resource)


def _guard(deployed: Deployed, key: str | None, context: Mapping[str, str]) -> Encryption | None:
    return Encryption(key=deployed.key_arn(key), context=context) if key else None


def _written(deployed: Deployed, bucket: str, arn: str, parameters: Mapping[str, Any]) -> Encryption | None:
    algorithm, key, bucket_key = deployed.default_encryption(bucket)
    if "SSECustomerAlgorithm" in parameters:
        raise EmbeddedError("S3 encryption with keys of the customer (SSE-C) is not emulated.")
    if own := parameters.get("ServerSideEncryption"):
        if own == "aws:kms" and key and "SSEKMSKeyId" not in parameters:
            # AWS would take its own key here and moto takes the bucket's.
            raise EmbeddedError("S3 encryption with aws:kms but without SSEKMSKeyId is not emulated.")
        key = parameters.get("SSEKMSKeyId")
        algorithm, bucket_key = own, bool(parameters.get("BucketKeyEnabled", bucket_key))
    return _s3(deployed, algorithm, key, arn.partition("/")[0] if bucket_key else arn)


def _stored(deployed: Deployed, bucket: str, key: str, version: str | None, arn: str) -> Encryption | None:
    found = deployed.object(bucket, key, version)
    if found is None:
        return None
    bucket_key = str(found.bucket_key_enabled).lower() == "true"
    return _s3(deployed, found.encryption or "AES256", found.kms_key_id, arn.partition("/")[0] if bucket_key else arn)


def _s3(deployed: Deployed, algorithm: str, key: str | None, arn: str) -> Encryption | None:
    if algorithm == "AES256":
        return None
    if algorithm != "aws:kms":
        raise EmbeddedError(f"S3 encryption with {algorithm!r} is not emulated.")
    return Encryption(key=deployed.key_arn(key) if key else None, context={"aws:s3:arn": arn})
