"""CloudWatch Logs."""

from typing import Any

from stackproof.embedded.deploy.checks import check_log_key
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type

_CHOSEN = {  # property -> (put operation, delete operation, parameter)
    "RetentionInDays": ("PutRetentionPolicy", "DeleteRetentionPolicy", "retentionInDays"),
    "KmsKeyId": ("AssociateKmsKey", "DisassociateKmsKey", "kmsKeyId"),
}


@resource_type("AWS::Logs::LogGroup")
class LogGroup(ResourceType):
    """A log group."""

    properties = frozenset(
        {"LogGroupName", "RetentionInDays", "KmsKeyId", "LogGroupClass", "DeletionProtectionEnabled", "Tags"}
    )
    create_only = frozenset({"LogGroupName", "LogGroupClass"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("LogGroupName") or ctx.generated_name(512)
        if "KmsKeyId" in p:
            check_log_key(ctx, p["KmsKeyId"], name)
        made = ctx.request("logs", "CreateLogGroup", p, only=("KmsKeyId", "LogGroupClass", "DeletionProtectionEnabled"))
        ctx.call("logs", "CreateLogGroup", **{**made, "logGroupName": name}, tags=dict(ctx.tags) or None)
        arn = ctx.world.account.arn("logs", f"log-group:{name}")
        created = ctx.announce(Created(physical_id=name, arn=arn, attributes={"Arn": f"{arn}:*"}))
        if "RetentionInDays" in p:
            days = ctx.request("logs", "PutRetentionPolicy", p, only=("RetentionInDays",))
            ctx.call("logs", "PutRetentionPolicy", logGroupName=name, **days)
        return created

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        groups = ctx.call("logs", "DescribeLogGroups", logGroupNamePrefix=resource.physical_id)["logGroups"]
        group = next(g for g in groups if g["logGroupName"] == resource.physical_id)
        tags = ctx.call("logs", "ListTagsForResource", resourceArn=resource.arn)["tags"]
        return {**{key[:1].upper() + key[1:]: value for key, value in group.items()}, "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name = resource.physical_id
        for key in sorted(changed & set(_CHOSEN)):
            put, remove, parameter = _CHOSEN[key]
            if key in p:
                ctx.call("logs", put, logGroupName=name, **{parameter: ctx.convert("logs", put, parameter, p[key])})
            else:
                ctx.call("logs", remove, logGroupName=name)
        if "DeletionProtectionEnabled" in changed:
            return super().update(ctx, resource, p, frozenset({"DeletionProtectionEnabled"}))
        if "Tags" in changed:
            if gone := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("logs", "UntagResource", resourceArn=resource.arn, tagKeys=gone)
            ctx.call("logs", "TagResource", resourceArn=resource.arn, tags=dict(ctx.tags))
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        if str(resource.properties.get("DeletionProtectionEnabled")).lower() == "true":
            raise ctx.failed("ValidationException: the log group is protected from deletion.")
        ctx.call("logs", "DeleteLogGroup", logGroupName=resource.physical_id)


@resource_type("AWS::Logs::MetricFilter")
class MetricFilter(ResourceType):
    """A metric filter."""

    properties = frozenset({"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"})
    required = frozenset({"FilterPattern", "LogGroupName", "MetricTransformations"})
    create_only = frozenset({"FilterName", "LogGroupName"})

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("FilterName") or ctx.generated_name(512)
        self._put(ctx, name, p)
        return Created(physical_id=name)

    def _put(self, ctx: Context, name: str, p: Properties) -> None:
        wanted = {**p, "MetricTransformations": [_with_map(one) for one in p["MetricTransformations"]]}
        made = ctx.request("logs", "PutMetricFilter", wanted, without=("FilterName",))
        ctx.call("logs", "PutMetricFilter", filterName=name, **made)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("logs", "DescribeMetricFilters", logGroupName=p["LogGroupName"])
        found = next(f for f in answer["metricFilters"] if f["filterName"] == resource.physical_id)
        actual = {key[:1].upper() + key[1:]: value for key, value in found.items()}
        return {**actual, "MetricTransformations": [_with_list(one) for one in found["metricTransformations"]]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        self.delete(ctx, resource)  # moto keeps the old filter beside one of the same name
        self._put(ctx, resource.physical_id, p)
        return Created(physical_id=resource.physical_id)

    def delete(self, ctx: Context, resource: Resource) -> None:
        group = resource.properties["LogGroupName"]
        ctx.call("logs", "DeleteMetricFilter", logGroupName=group, filterName=resource.physical_id)


def _with_map(transformation: Properties) -> dict[str, Any]:
    """CloudFormation lists the dimensions as Key and Value; the API maps them."""
    listed = transformation.get("Dimensions")
    mapped = {"Dimensions": {one["Key"]: one["Value"] for one in listed}} if isinstance(listed, list) else {}
    return {**transformation, **mapped}


def _with_list(transformation: Properties) -> dict[str, Any]:
    mapped = transformation.get("dimensions", {})
    listed = {"dimensions": [{"Key": key, "Value": value} for key, value in mapped.items()]}
    return {**transformation, **(listed if mapped else {})}
