"""CloudWatch."""

import json
from typing import Any

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type

_METRIC = (
    *("Dimensions", "ExtendedStatistic", "MetricName", "Metrics", "Namespace", "Period", "Statistic"),
    *("ThresholdMetricId", "Unit"),
)
_ALARM = (
    *("ActionsEnabled", "AlarmActions", "AlarmDescription", "ComparisonOperator", "DatapointsToAlarm"),
    *("EvaluateLowSampleCountPercentile", "EvaluationPeriods", "InsufficientDataActions", "OKActions"),
    *("Threshold", "TreatMissingData"),
)


@resource_type("AWS::CloudWatch::Alarm")
class Alarm(ResourceType):
    """A metric alarm."""

    properties = frozenset({"AlarmName", "Tags", *_METRIC, *_ALARM})
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    create_only = frozenset({"AlarmName"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        return ctx.announce(self._put(ctx, p.get("AlarmName") or ctx.generated_name(255), p, ctx.tag_list() or None))

    def _put(self, ctx: Context, name: str, p: Properties, tags: list[dict[str, str]] | None) -> Created:
        self._check(ctx, p)
        request = ctx.request("cloudwatch", "PutMetricAlarm", p, only=(*_METRIC, *_ALARM))
        ctx.call("cloudwatch", "PutMetricAlarm", AlarmName=name, Tags=tags, **request)
        arn = ctx.world.account.arn("cloudwatch", f"alarm:{name}")
        return Created(physical_id=name, arn=arn, attributes={"Arn": arn})

    def _check(self, ctx: Context, p: Properties) -> None:
        """API PutMetricAlarm: one way to say what is watched; M is at most N; a period CloudWatch has."""
        if ("Metrics" in p) == ("MetricName" in p):
            raise ctx.failed("ValidationError: an alarm needs either MetricName or Metrics.")
        if "Metrics" in p and (both := sorted({"Statistic", "Period", "Namespace", "Dimensions"} & set(p))):
            raise ctx.failed(f"ValidationError: Metrics and {both[0]} exclude each other.")
        if "MetricName" in p and ("Statistic" in p) == ("ExtendedStatistic" in p):
            raise ctx.failed("ValidationError: an alarm on a metric needs either Statistic or ExtendedStatistic.")
        if int(p.get("DatapointsToAlarm", 1)) > int(p.get("EvaluationPeriods", 1)):
            raise ctx.failed("ValidationError: DatapointsToAlarm is more than EvaluationPeriods.")
        period = int(p.get("Period", 60))
        if period not in (10, 20, 30) and (period < 60 or period % 60):
            raise ctx.failed(f"Period: ValidationError: {period} is not 10, 20, 30 or a multiple of 60.")
        returned = [m for m in p.get("Metrics", []) if str(m.get("ReturnData", True)).lower() == "true"]
        if "Metrics" in p and len(returned) != 1:
            raise ctx.failed("Metrics: ValidationError: exactly one of them must return data.")

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        alarms = ctx.call("cloudwatch", "DescribeAlarms", AlarmNames=[resource.physical_id])["MetricAlarms"]
        if not alarms:
            raise ctx.failed("the alarm is gone.")
        tags = ctx.call("cloudwatch", "ListTagsForResource", ResourceARN=resource.arn)["Tags"]
        return {**alarms[0], "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        created = self._put(ctx, resource.physical_id, p, None)
        if "Tags" in changed:
            _retag(ctx, resource)
        return created

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("cloudwatch", "DeleteAlarms", AlarmNames=[resource.physical_id])


@resource_type("AWS::CloudWatch::Dashboard")
class Dashboard(ResourceType):
    """A dashboard."""

    properties = frozenset({"DashboardBody", "DashboardName", "Tags"})
    required = frozenset({"DashboardBody"})
    create_only = frozenset({"DashboardName"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("DashboardName") or ctx.generated_name(255)
        self._put(ctx, name, p)
        arn = f"arn:{ctx.world.account.partition}:cloudwatch::{ctx.world.account.id}:dashboard/{name}"
        created = ctx.announce(Created(physical_id=name, arn=arn))
        if ctx.tags:
            ctx.call("cloudwatch", "TagResource", ResourceARN=arn, Tags=ctx.tag_list())
        return created

    def _put(self, ctx: Context, name: str, p: Properties) -> None:
        body = p.get("DashboardBody")
        check_dashboard(ctx, body)
        ctx.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=body)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("cloudwatch", "GetDashboard", DashboardName=resource.physical_id)
        tags = ctx.call("cloudwatch", "ListTagsForResource", ResourceARN=resource.arn)["Tags"]
        return {**answer, "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        self._put(ctx, resource.physical_id, p)
        if "Tags" in changed:
            _retag(ctx, resource)
        return Created(physical_id=resource.physical_id, arn=resource.arn)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("cloudwatch", "DeleteDashboards", DashboardNames=[resource.physical_id])


def check_dashboard(ctx: Context, body: Any) -> None:
    """A dashboard body is a JSON text of widgets; a metric widget names its region (aws-facts 8)."""
    if not isinstance(body, str):
        raise ctx.failed("DashboardBody: it must be a JSON text, not a mapping.")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ctx.failed(f"DashboardBody: InvalidParameterInput: not JSON: {error}") from None
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(widgets, list):
        raise ctx.failed("DashboardBody: InvalidParameterInput: it needs a list 'widgets'.")
    for i, widget in enumerate(widgets):
        inner = widget.get("properties", {})
        if widget.get("type") == "metric" and "region" not in inner:
            raise ctx.failed(f"DashboardBody: InvalidParameterInput: /widgets/{i}/properties: region is missing.")
        if not 1 <= int(widget.get("width", 6)) <= 24:
            raise ctx.failed(f"DashboardBody: InvalidParameterInput: /widgets/{i}/width must be 1 to 24.")


def _retag(ctx: Context, resource: Resource) -> None:
    if gone := [key for key in resource.tags if key not in ctx.tags]:
        ctx.call("cloudwatch", "UntagResource", ResourceARN=resource.arn, TagKeys=gone)
    ctx.call("cloudwatch", "TagResource", ResourceARN=resource.arn, Tags=ctx.tag_list())
