"""S3."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.s3.models import s3_backends

from stackproof.embedded.deploy.checks import check_policy, statements
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.types import s3_lifecycle
from stackproof.embedded.errors import UnsupportedProperty

_NAME = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3, bucket naming rules


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """How one property is written, read and taken away: operations, the parameter, and the value in the API's form."""

    put: str
    get: str
    parameter: str
    answer: str
    remove: str | None = None
    empty: Mapping[str, Any] | None = None
    to_api: Callable[[Any], Any] = lambda value: value
    from_api: Callable[[Any], Any] = lambda value: value


def _logging_to(value: Any) -> Any:
    names = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return {"LoggingEnabled": {"TargetPrefix": "", **{names.get(k, k): v for k, v in value.items()}}}


def _logging_from(answer: Any) -> Any:
    enabled = answer or {}
    return {"DestinationBucketName": enabled.get("TargetBucket"), "LogFilePrefix": enabled.get("TargetPrefix")}


_ENCRYPTION = {
    "ServerSideEncryptionConfiguration": "Rules",
    "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
}


def _encryption_to(value: Any) -> Any:
    if isinstance(value, list):
        return [_encryption_to(item) for item in value]
    if isinstance(value, Mapping):
        return {_ENCRYPTION.get(k, k): _encryption_to(v) for k, v in value.items()}
    return value


def _encryption_from(answer: Any) -> Any:
    rules = [{_back(key): value for key, value in rule.items()} for rule in answer["Rules"]]
    return {"ServerSideEncryptionConfiguration": rules}


def _back(key: str) -> str:
    return "ServerSideEncryptionByDefault" if key == "ApplyServerSideEncryptionByDefault" else key


_SETTINGS = {
    "VersioningConfiguration": _Setting(
        put="PutBucketVersioning",
        get="GetBucketVersioning",
        parameter="VersioningConfiguration",
        answer="",
        empty={"Status": "Suspended"},
    ),
    "BucketEncryption": _Setting(
        put="PutBucketEncryption",
        get="GetBucketEncryption",
        parameter="ServerSideEncryptionConfiguration",
        answer="ServerSideEncryptionConfiguration",
        remove="DeleteBucketEncryption",
        to_api=_encryption_to,
        from_api=_encryption_from,
    ),
    "PublicAccessBlockConfiguration": _Setting(
        put="PutPublicAccessBlock",
        get="GetPublicAccessBlock",
        parameter="PublicAccessBlockConfiguration",
        answer="PublicAccessBlockConfiguration",
        remove="DeletePublicAccessBlock",
    ),
    "OwnershipControls": _Setting(
        put="PutBucketOwnershipControls",
        get="GetBucketOwnershipControls",
        parameter="OwnershipControls",
        answer="OwnershipControls",
        remove="DeleteBucketOwnershipControls",
    ),
    "LifecycleConfiguration": _Setting(
        put="PutBucketLifecycleConfiguration",
        get="GetBucketLifecycleConfiguration",
        parameter="LifecycleConfiguration",
        answer="Rules",
        remove="DeleteBucketLifecycle",
        to_api=s3_lifecycle.to_api,
        from_api=s3_lifecycle.from_api,
    ),
    "LoggingConfiguration": _Setting(
        put="PutBucketLogging",
        get="GetBucketLogging",
        parameter="BucketLoggingStatus",
        answer="LoggingEnabled",
        empty={},
        to_api=_logging_to,
        from_api=_logging_from,
    ),
    "ObjectLockConfiguration": _Setting(
        put="PutObjectLockConfiguration",
        get="GetObjectLockConfiguration",
        parameter="ObjectLockConfiguration",
        answer="ObjectLockConfiguration",
        empty={"ObjectLockEnabled": "Enabled"},
    ),
}


@resource_type("AWS::S3::Bucket")
class Bucket(ResourceType):
    """A bucket."""

    properties = frozenset({"BucketName", "ObjectLockEnabled", "Tags", *_SETTINGS})
    create_only = frozenset({"BucketName"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("BucketName") or ctx.generated_name(63, lower=True)
        if not _NAME.fullmatch(name) or ".." in name:
            raise ctx.failed(f"BucketName: InvalidBucketName: {name!r}.")
        region = ctx.world.account.region
        place = None if region == "us-east-1" else {"LocationConstraint": region}
        locked = str(p.get("ObjectLockEnabled", False)).lower() == "true"
        lock = True if locked else None
        ctx.call("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=lock)
        created = ctx.announce(_created(ctx, name))
        for key in _SETTINGS:
            if key in p:
                self._put(ctx, name, key, p)
        self._tag(ctx, name)
        return created

    def _put(self, ctx: Context, bucket: str, key: str, p: Properties) -> None:
        setting = _SETTINGS[key]
        if key not in p:
            if setting.remove:
                ctx.call("s3", setting.remove, Bucket=bucket)
            else:
                ctx.call("s3", setting.put, Bucket=bucket, **{setting.parameter: setting.empty})
            return
        if not isinstance(p[key], Mapping):
            raise UnsupportedProperty(f"{ctx.logical_id}.{key}: {p[key]!r} is no mapping.")
        value = ctx.convert("s3", setting.put, setting.parameter, setting.to_api(p[key]))
        if key == "LoggingConfiguration" and not value["LoggingEnabled"].get("TargetBucket"):
            value["LoggingEnabled"]["TargetBucket"] = bucket
        ctx.call("s3", setting.put, Bucket=bucket, **{setting.parameter: value})

    def _tag(self, ctx: Context, bucket: str) -> None:
        """CloudFormation sets its own `aws:` tags past the API, which refuses them to everybody else."""
        account = ctx.world.account
        s3_backends[account.id][account.partition].put_bucket_tagging(bucket, dict(ctx.tags))

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        actual: dict[str, Any] = {"BucketName": resource.physical_id}
        for key in p:
            if key in _SETTINGS:
                setting = _SETTINGS[key]
                answer = ctx.found("s3", setting.get, Bucket=resource.physical_id) or {}
                value = answer.get(setting.answer) if setting.answer else answer
                actual[key] = setting.from_api(value) if value is not None else None
        if "ObjectLockEnabled" in p:
            lock = ctx.found("s3", "GetObjectLockConfiguration", Bucket=resource.physical_id) or {}
            enabled = lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
            actual["ObjectLockEnabled"] = enabled == "Enabled"
        tags = ctx.found("s3", "GetBucketTagging", Bucket=resource.physical_id) or {}
        return {**actual, "Tags": tags.get("TagSet", [])}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        if "ObjectLockEnabled" in changed and resource.properties.get("ObjectLockEnabled"):
            raise ctx.failed("ObjectLockEnabled: Object Lock cannot be switched off.")
        for key in _SETTINGS:
            if key in changed:
                self._put(ctx, resource.physical_id, key, p)
        if "Tags" in changed:
            self._tag(ctx, resource.physical_id)
        return _created(ctx, resource.physical_id)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("s3", "DeleteBucket", Bucket=resource.physical_id)


def _created(ctx: Context, name: str) -> Created:
    region = ctx.world.account.region
    arn = f"arn:{ctx.world.account.partition}:s3:::{name}"
    attributes = {
        "Arn": arn,
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }
    return Created(physical_id=name, arn=arn, attributes=attributes)


@resource_type("AWS::S3::BucketPolicy")
class BucketPolicy(ResourceType):
    """A bucket's policy."""

    properties = frozenset({"Bucket", "PolicyDocument"})
    required = frozenset({"Bucket", "PolicyDocument"})
    create_only = frozenset({"Bucket"})

    def create(self, ctx: Context, p: Properties) -> Created:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=True)
        arn = f"arn:{ctx.world.account.partition}:s3:::{p['Bucket']}"
        for statement in statements(p["PolicyDocument"]):
            resources = statement.get("Resource", statement.get("NotResource", []))
            for target in resources if isinstance(resources, list) else [resources]:
                if target != arn and not str(target).startswith(f"{arn}/"):
                    raise ctx.failed(
                        f"PolicyDocument, statement {statement.get('Sid')}: MalformedPolicy: invalid resource "
                        f"{target!r}; it must be {arn} or {arn}/*."
                    )
        ctx.call("s3", "PutBucketPolicy", Bucket=p["Bucket"], Policy=json.dumps(p["PolicyDocument"]))
        return Created(physical_id=p["Bucket"])

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("s3", "GetBucketPolicy", Bucket=resource.physical_id)
        return {"Bucket": resource.physical_id, "PolicyDocument": answer["Policy"]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        return self.create(ctx, p)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("s3", "DeleteBucketPolicy", Bucket=resource.physical_id)
