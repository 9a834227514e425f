"""AWS Batch."""

import json
import re
from typing import Any, ClassVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


class _BatchType(ResourceType):
    """What has an ARN, a name and tags as a mapping. `Ref` is the ARN."""

    tags = "map"
    listed: ClassVar[str]

    def retag(self, ctx: Context, resource: Resource) -> None:
        """Bring the tags to what they are now."""
        if gone := [key for key in resource.tags if key not in ctx.tags]:
            ctx.call("batch", "UntagResource", resourceArn=resource.physical_id, tagKeys=gone)
        ctx.call("batch", "TagResource", resourceArn=resource.physical_id, tags=dict(ctx.tags))


@resource_type("AWS::Batch::ComputeEnvironment")
class ComputeEnvironment(_BatchType):
    """A compute environment; updated in place only with the service-linked role and not under BEST_FIT."""

    properties = frozenset(
        {
            *("ComputeEnvironmentName", "ComputeResources", "EcsSettings", "ReplaceComputeEnvironment", "ServiceRole"),
            *("State", "Tags", "Type", "UpdatePolicy"),
        }
    )
    required = frozenset({"Type"})
    create_only = frozenset({"ComputeEnvironmentName", "Tags", "Type"})
    write_only = frozenset(
        {"ReplaceComputeEnvironment", "ComputeResources.UpdateToLatestImageVersion"}
    )  # how to update

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("ComputeEnvironmentName") or ctx.generated_name(128)
        made = self._request(ctx, "CreateComputeEnvironment", p, ("Tags", "UpdatePolicy"))
        made = {"serviceRole": self._linked_role(ctx), **made, "type": str(p["Type"]).upper()}
        answer = ctx.call("batch", "CreateComputeEnvironment", computeEnvironmentName=name, tags=dict(ctx.tags), **made)
        arn = answer["computeEnvironmentArn"]
        attributes = {"ComputeEnvironmentArn": arn}
        created = ctx.announce(Created(physical_id=arn, arn=arn, attributes=attributes))
        if "UpdatePolicy" in p:
            policy = ctx.convert("batch", "UpdateComputeEnvironment", "updatePolicy", p["UpdatePolicy"])
            ctx.call("batch", "UpdateComputeEnvironment", computeEnvironment=name, updatePolicy=policy)
        return created

    def _linked_role(self, ctx: Context) -> str:
        """Batch makes its service-linked role itself when the account has none (API CreateComputeEnvironment)."""
        role = ctx.found("iam", "GetRole", RoleName="AWSServiceRoleForBatch")
        if role is None:
            role = ctx.call(
                *("iam", "CreateRole"),
                RoleName="AWSServiceRoleForBatch",
                Path="/aws-service-role/batch.amazonaws.com/",
                AssumeRolePolicyDocument=json.dumps(_TRUST),
            )
        return str(role["Role"]["Arn"])

    def _request(self, ctx: Context, operation: str, p: Properties, without: tuple[str, ...]) -> dict[str, Any]:
        resources = dict(p.get("ComputeResources", {}))
        latest = resources.pop("UpdateToLatestImageVersion", None)  # of the update operation alone
        plain = {**p, "ComputeResources": resources}
        skipped = ("ReplaceComputeEnvironment", "ComputeEnvironmentName", *without)
        request = ctx.request("batch", operation, plain, without=skipped)
        if latest is not None and operation == "UpdateComputeEnvironment":
            request["computeResources"]["updateToLatestImageVersion"] = str(latest).lower() == "true"
        return request

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("batch", "DescribeComputeEnvironments", computeEnvironments=[resource.physical_id])
        found = answer["computeEnvironments"][0]
        actual = {key[:1].upper() + key[1:]: value for key, value in found.items()}
        return {**actual, "Type": p["Type"] if found["type"] == str(p["Type"]).upper() else found["type"]}

    def replaces(self, old: Properties, new: Properties, changed: frozenset[str]) -> bool:
        infrastructure = "ComputeResources" in changed or "ServiceRole" in changed
        replace = str(new.get("ReplaceComputeEnvironment", True)).lower() == "true"
        return bool(changed & self.create_only) or (infrastructure and replace)

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        arn = resource.physical_id
        strategy = p.get("ComputeResources", {}).get("AllocationStrategy", "BEST_FIT")
        if "ComputeResources" in changed and ("ServiceRole" in p or strategy == "BEST_FIT"):
            raise ctx.failed(
                "ComputeResources: an infrastructure update needs the service-linked role and an allocation strategy "
                "other than BEST_FIT."
            )
        untouched = tuple(name for name in p if name not in changed and name != "ComputeResources")
        request = self._request(ctx, "UpdateComputeEnvironment", _updatable(p), (*untouched, "Tags", "Type"))
        if "ComputeResources" not in changed:
            request.pop("computeResources", None)
        ctx.call("batch", "UpdateComputeEnvironment", computeEnvironment=arn, **request)
        return Created(physical_id=arn, arn=arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        arn = resource.physical_id
        ctx.call("batch", "UpdateComputeEnvironment", computeEnvironment=arn, state="DISABLED")
        ctx.call("batch", "DeleteComputeEnvironment", computeEnvironment=arn)


def _updatable(p: Properties) -> dict[str, Any]:
    """Without what an update cannot carry (API UpdateComputeEnvironment: the fleet role of Spot)."""
    resources = {k: v for k, v in p.get("ComputeResources", {}).items() if k != "SpotIamFleetRole"}
    return {**p, "ComputeResources": resources}


_TEXT = re.compile(r"[A-Za-z0-9.:\s]{0,511}\*?")
_CONDITIONS = {"OnReason": _TEXT, "OnStatusReason": _TEXT, "OnExitCode": re.compile(r"[0-9]{0,511}\*?")}


@resource_type("AWS::Batch::JobQueue")
class JobQueue(_BatchType):
    """A job queue."""

    properties = frozenset(
        {
            *("ComputeEnvironmentOrder", "JobQueueName", "JobStateTimeLimitActions", "Priority"),
            *("SchedulingPolicyArn", "State", "Tags"),
        }
    )
    required = frozenset({"ComputeEnvironmentOrder", "Priority"})
    create_only = frozenset({"JobQueueName"})
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("JobQueueName") or ctx.generated_name(128)
        request = ctx.request("batch", "CreateJobQueue", p, without=("JobQueueName", "Tags"))
        request.setdefault("state", "ENABLED")
        arn = ctx.call("batch", "CreateJobQueue", jobQueueName=name, tags=dict(ctx.tags), **request)["jobQueueArn"]
        return ctx.announce(Created(physical_id=arn, arn=arn, attributes={"JobQueueArn": arn}))

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        found = ctx.call("batch", "DescribeJobQueues", jobQueues=[resource.physical_id])["jobQueues"][0]
        return {key[:1].upper() + key[1:]: value for key, value in found.items()}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        arn = resource.physical_id
        if settings := tuple(changed - {"Tags"}):
            known = {"JobStateTimeLimitActions": [], "State": "ENABLED", **p}
            request = ctx.request("batch", "UpdateJobQueue", known, only=settings)
            ctx.call("batch", "UpdateJobQueue", jobQueue=arn, **request)
        if "Tags" in changed:
            self.retag(ctx, resource)
        return Created(physical_id=arn, arn=arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        arn = resource.physical_id
        ctx.call("batch", "UpdateJobQueue", jobQueue=arn, state="DISABLED")
        ctx.call("batch", "DeleteJobQueue", jobQueue=arn)


@resource_type("AWS::Batch::JobDefinition")
class JobDefinition(_BatchType):
    """A job definition; an update registers a new revision and deregisters the old one. `Ref` has the revision."""

    properties = frozenset(
        {
            *("ContainerProperties", "JobDefinitionName", "Parameters", "PlatformCapabilities", "PropagateTags"),
            *("ResourceRetentionPolicy", "RetryStrategy", "SchedulingPriority", "Tags", "Timeout", "Type"),
        }
    )
    required = frozenset({"Type"})
    create_only = frozenset({"JobDefinitionName"})
    write_only = frozenset({"ResourceRetentionPolicy"})  # says how CloudFormation updates; Batch never sees it
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        return ctx.announce(self._register(ctx, p.get("JobDefinitionName") or ctx.generated_name(128), p))

    def _register(self, ctx: Context, name: str, p: Properties) -> Created:
        _check_job(ctx, p)
        without = ("JobDefinitionName", "ResourceRetentionPolicy", "Tags")
        request = ctx.request("batch", "RegisterJobDefinition", p, without=without)
        answer = ctx.call("batch", "RegisterJobDefinition", jobDefinitionName=name, tags=dict(ctx.tags), **request)
        arn = answer["jobDefinitionArn"]
        return Created(physical_id=arn, arn=arn, attributes={"JobDefinitionArn": arn})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("batch", "DescribeJobDefinitions", jobDefinitions=[resource.physical_id])
        found = answer["jobDefinitions"][0]
        declared = p.get("RetryStrategy", {}).get("EvaluateOnExit", [])
        for entry, wanted in zip(found.get("retryStrategy", {}).get("evaluateOnExit", []), declared, strict=False):
            if entry["action"].upper() == str(wanted.get("Action")).upper():  # RETRY and EXIT have no case (API)
                entry["action"] = wanted["Action"]
        return {key[:1].upper() + key[1:]: value for key, value in found.items()}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name = resource.physical_id.rsplit("/", 1)[-1].rsplit(":", 1)[0]
        created = self._register(ctx, name, p)
        skip = p.get("ResourceRetentionPolicy", {}).get("SkipDeregisterOnUpdate", False)
        if str(skip).lower() != "true":
            ctx.call("batch", "DeregisterJobDefinition", jobDefinition=resource.physical_id)
        return created

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("batch", "DeregisterJobDefinition", jobDefinition=resource.physical_id)


def _check_job(ctx: Context, p: Properties) -> None:
    """The bounds of RegisterJobDefinition (API, JobTimeout, RetryStrategy, EvaluateOnExit)."""
    seconds = p.get("Timeout", {}).get("AttemptDurationSeconds", 60)
    if int(seconds) < 60:
        raise ctx.failed(f"Timeout: ClientException: AttemptDurationSeconds is {seconds}, at least 60 are needed.")
    strategy = p.get("RetryStrategy", {})
    if not 1 <= int(strategy.get("Attempts", 1)) <= 10:
        raise ctx.failed(f"RetryStrategy: ClientException: Attempts is {strategy['Attempts']}, not 1 to 10.")
    entries = strategy.get("EvaluateOnExit", [])
    if len(entries) > 5:
        raise ctx.failed(f"RetryStrategy: ClientException: EvaluateOnExit has {len(entries)} entries, at most 5 go.")
    for number, entry in enumerate(entries):
        for name, pattern in _CONDITIONS.items():
            if name in entry and not pattern.fullmatch(str(entry[name])):
                raise ctx.failed(
                    f"RetryStrategy: ClientException: EvaluateOnExit[{number}].{name} is {entry[name]!r}; a pattern "
                    "has only letters, digits, white space, '.' and ':' (an exit code: digits) and may end in '*'."
                )
