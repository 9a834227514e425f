"""Lambda."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, ClassVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.package import NothingToPack, pack
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.errors import AwsError, UnsupportedProperty

_CONFIGURATION = frozenset(
    {
        *("DeadLetterConfig", "Description", "Environment", "EphemeralStorage", "Handler", "KmsKeyArn", "Layers"),
        *("LoggingConfig", "MemorySize", "Role", "Runtime", "Timeout", "TracingConfig", "VpcConfig"),
    }
)
_RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR"),
    }
)
"""Lambda, Defined runtime environment variables."""
_MAX_ENVIRONMENT = 4096
_CONCURRENCY, _UNRESERVED = 1000, 100
_SEND = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}


@resource_type("AWS::Lambda::Function")
class Function(ResourceType):
    """A function. `Code` may be a local path, as before `aws cloudformation package`."""

    properties = frozenset(
        {
            *("Architectures", "Code", "FunctionName", "PackageType", "ReservedConcurrentExecutions", "Tags"),
            *_CONFIGURATION,
        }
    )
    required = frozenset({"Code", "Role"})
    create_only = frozenset({"FunctionName", "PackageType"})
    tags = "list"
    system_tags = True
    renames: ClassVar[Mapping[str, str]] = {"KmsKeyArn": "KMSKeyArn"}

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("FunctionName") or ctx.generated_name(64)
        self._check(ctx, p, name)
        names = (*_CONFIGURATION, "Architectures", "PackageType")
        request = ctx.request("lambda", "CreateFunction", p, only=names, renames=self.renames)
        tags = dict(ctx.tags) or None
        made = ctx.call("lambda", "CreateFunction", FunctionName=name, Code=code(ctx, p), Tags=tags, **request)
        arn = made["FunctionArn"]
        created = ctx.announce(Created(physical_id=name, arn=arn, attributes={"Arn": arn}))
        self._reserve(ctx, name, p)
        return created

    def _check(self, ctx: Context, p: Properties, name: str) -> None:
        """The role must be one that Lambda may assume, and may send to the dead-letter target (aws-facts 5: checked
        when the function is created); no variable may have a name of Lambda's own."""
        _check_environment(ctx, p.get("Environment", {}).get("Variables", {}))
        role = str(p.get("Role"))
        if not role.startswith("arn:") or ctx.found("iam", "GetRole", RoleName=role.rsplit("/", 1)[-1]) is None:
            raise ctx.failed(f"Role: InvalidParameterValueException: there is no role {role}.")
        if ctx.access is not None:
            _check_trust(ctx, role, name)
        target = p.get("DeadLetterConfig", {}).get("TargetArn")
        if target is None or ctx.access is None:
            return
        service = str(target).split(":")[2]
        if service not in _SEND:
            raise ctx.failed(
                f"DeadLetterConfig.TargetArn: InvalidParameterValueException: {target} is no queue or topic."
            )
        try:
            ctx.access.require_role(role, _SEND[service], target)
        except AwsError as error:
            action = _SEND[service].split(":")[1]
            raise ctx.failed(
                "DeadLetterConfig: InvalidParameterValueException: The provided execution role does not have "
                f"permissions to call {action} on {service.upper()} ({error.message})"
            ) from error

    def _check_concurrency(self, ctx: Context, name: str, wanted: int) -> None:
        """What is left to functions without a reservation (Lambda, Configuring reserved concurrency)."""
        functions = ctx.call("lambda", "ListFunctions")["Functions"]
        names = [function["FunctionName"] for function in functions if function["FunctionName"] != name]
        reserved = (ctx.call("lambda", "GetFunctionConcurrency", FunctionName=other) for other in names)
        others = sum(int(answer.get("ReservedConcurrentExecutions") or 0) for answer in reserved)
        if others + wanted > _CONCURRENCY - _UNRESERVED:
            raise ctx.failed(
                "ReservedConcurrentExecutions: InvalidParameterValueException: it decreases the account's unreserved "
                f"concurrency below its minimum value of {_UNRESERVED}."
            )

    def _reserve(self, ctx: Context, name: str, p: Properties) -> None:
        if "ReservedConcurrentExecutions" in p:
            wanted = ctx.request("lambda", "PutFunctionConcurrency", p, only=("ReservedConcurrentExecutions",))
            self._check_concurrency(ctx, name, int(wanted["ReservedConcurrentExecutions"]))
            ctx.call("lambda", "PutFunctionConcurrency", FunctionName=name, **wanted)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("lambda", "GetFunction", FunctionName=resource.physical_id)
        configuration = answer["Configuration"]
        held = {"sha256": configuration["CodeSha256"]}
        return {
            **configuration,
            "Code": p["Code"] if held == _digest(ctx, p) else held,
            "DeadLetterConfig": configuration.get("DeadLetterConfig"),
            "Environment": configuration.get("Environment", {"Variables": {}}),
            "KmsKeyArn": configuration.get("KMSKeyArn"),
            "Layers": [layer["Arn"] for layer in configuration.get("Layers", [])],
            "ReservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "Tags": answer.get("Tags", {}),
        }

    def content(self, ctx: Context, p: Properties) -> dict[str, str]:
        return {"Code": _digest(ctx, p)["sha256"]} if isinstance(p.get("Code"), str) else {}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name = resource.physical_id
        if changed & {"Code", "Architectures"}:
            architectures = ctx.request("lambda", "UpdateFunctionCode", p, only=("Architectures",))
            ctx.call("lambda", "UpdateFunctionCode", FunctionName=name, **code(ctx, p), **architectures)
        if settings := changed & _CONFIGURATION:
            self._check(ctx, p, name)
            empty: dict[str, Any] = {
                "Description": "",
                "Environment": {},
                "DeadLetterConfig": {},
                "KmsKeyArn": "",
                "Layers": [],
            }
            wanted = {**{k: v for k, v in empty.items() if k in settings}, **p}
            if rest := settings - set(wanted):
                return super().update(ctx, resource, p, frozenset(rest))
            operation = "UpdateFunctionConfiguration"
            request = ctx.request("lambda", operation, wanted, only=tuple(settings), renames=self.renames)
            ctx.call("lambda", "UpdateFunctionConfiguration", FunctionName=name, **request)
        if "ReservedConcurrentExecutions" in changed:
            if "ReservedConcurrentExecutions" not in p:
                ctx.call("lambda", "DeleteFunctionConcurrency", FunctionName=name)
            self._reserve(ctx, name, p)
        if "Tags" in changed:
            if gone := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("lambda", "UntagResource", Resource=resource.arn, TagKeys=gone)
            ctx.call("lambda", "TagResource", Resource=resource.arn, Tags=dict(ctx.tags))
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("lambda", "DeleteFunction", FunctionName=resource.physical_id)


def _check_environment(ctx: Context, variables: Mapping[str, Any]) -> None:
    if reserved := sorted(_RESERVED & set(variables)):
        raise ctx.failed(
            f"Environment: InvalidParameterValueException: {reserved[0]} is a reserved key of Lambda's own."
        )
    if sum(len(name) + len(str(value)) for name, value in variables.items()) > _MAX_ENVIRONMENT:
        raise ctx.failed(f"Environment: InvalidParameterValueException: it is larger than {_MAX_ENVIRONMENT} bytes.")


def _check_trust(ctx: Context, role: str, name: str) -> None:
    source = ctx.world.account.arn("lambda", f"function:{name}")
    assert ctx.access is not None
    try:
        ctx.access.require_service("lambda.amazonaws.com", "sts:AssumeRole", role, source_arn=source)
    except AwsError as error:
        raise ctx.failed(
            "Role: InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda "
            f"({error.message})"
        ) from error


def code(ctx: Context, p: Properties) -> dict[str, Any]:
    """The `Code` property as the API's: a local path (of the template's folder) and inline code become a zip.

    Raises: UnsupportedProperty for other kinds of code; DeploymentFailed when there is nothing to pack.
    """
    match p.get("Code"):
        case str(path):
            try:
                return {"ZipFile": pack(ctx.base / path)}
            except NothingToPack as error:
                raise ctx.failed(f"Code: {error}") from error
        case {"ZipFile": str(text), **rest} if not rest:
            return {"ZipFile": _inline(text)}
        case {"S3Bucket": str(bucket), "S3Key": str(key), **rest} if set(rest) <= {"S3ObjectVersion"}:
            version = {"S3ObjectVersion": str(rest["S3ObjectVersion"])} if rest else {}
            return {"S3Bucket": bucket, "S3Key": key, **version}
        case other:
            raise UnsupportedProperty(f"{ctx.logical_id}.Code: {other!r} is no local path, inline code or S3 object.")


def _inline(text: str) -> bytes:
    """Inline code is the file index.py (schema `AWS::Lambda::Function` Code.ZipFile)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), text)
    return buffer.getvalue()


def _digest(ctx: Context, p: Properties) -> dict[str, str]:
    source = code(ctx, p)
    if "S3Bucket" in source:
        wanted = {"Bucket": source["S3Bucket"], "Key": source["S3Key"], "VersionId": source.get("S3ObjectVersion")}
        data = ctx.call("s3", "GetObject", **wanted)["Body"].read()
    else:
        data = source["ZipFile"]
    return {"sha256": base64.b64encode(hashlib.sha256(data).digest()).decode()}


@resource_type("AWS::Lambda::Permission")
class Permission(ResourceType):
    """A statement of a function's resource policy."""

    properties = frozenset(
        {"Action", "EventSourceToken", "FunctionName", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn"}
    )
    required = frozenset({"Action", "FunctionName", "Principal"})
    create_only = properties

    def create(self, ctx: Context, p: Properties) -> Created:
        if "SourceArn" in p and not str(p["SourceArn"]).startswith("arn:"):
            raise ctx.failed(f"SourceArn: ValidationException: {p['SourceArn']!r} is no ARN.")
        name = ctx.generated_name(100)
        ctx.call("lambda", "AddPermission", StatementId=name, **ctx.request("lambda", "AddPermission", p))
        return Created(physical_id=name, attributes={"Id": name})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        policy = json.loads(ctx.call("lambda", "GetPolicy", FunctionName=p["FunctionName"])["Policy"])
        statement = next(s for s in policy["Statement"] if s["Sid"] == resource.physical_id)
        conditions = {
            key.lower(): value for test in statement.get("Condition", {}).values() for key, value in test.items()
        }
        principal = statement["Principal"]
        function = statement["Resource"]
        return {
            "Action": statement["Action"],
            "EventSourceToken": conditions.get("lambda:eventsourcetoken"),
            "FunctionName": p["FunctionName"] if function.endswith(f":{_name(p['FunctionName'])}") else function,
            "Principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
            "PrincipalOrgID": conditions.get("aws:principalorgid"),
            "SourceAccount": conditions.get("aws:sourceaccount"),
            "SourceArn": conditions.get("aws:sourcearn"),
        }

    def delete(self, ctx: Context, resource: Resource) -> None:
        function = resource.properties["FunctionName"]
        ctx.call("lambda", "RemovePermission", FunctionName=function, StatementId=resource.physical_id)


def _name(function: str) -> str:
    return function.rsplit(":function:", 1)[-1]


@resource_type("AWS::Lambda::EventInvokeConfig")
class EventInvokeConfig(ResourceType):
    """How asynchronous invocations are retried."""

    properties = frozenset(
        {"DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"}
    )
    required = frozenset({"FunctionName", "Qualifier"})
    create_only = frozenset({"FunctionName", "Qualifier"})

    def create(self, ctx: Context, p: Properties) -> Created:
        self._put(ctx, p)
        return Created(physical_id=f"{p['FunctionName']}|{p['Qualifier']}")

    def _put(self, ctx: Context, p: Properties) -> None:
        operation = "PutFunctionEventInvokeConfig"
        ctx.call("lambda", operation, **ctx.request("lambda", operation, p))

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        where = {"FunctionName": p["FunctionName"], "Qualifier": p["Qualifier"]}
        return {**ctx.call("lambda", "GetFunctionEventInvokeConfig", **where), **where}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        self._put(ctx, p)
        return Created(physical_id=resource.physical_id)

    def delete(self, ctx: Context, resource: Resource) -> None:
        p = resource.properties
        where = {"FunctionName": p["FunctionName"], "Qualifier": p["Qualifier"]}
        ctx.call("lambda", "DeleteFunctionEventInvokeConfig", **where)
