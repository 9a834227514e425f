"""EventBridge."""

from typing import Any

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type

_RULE = ("Description", "EventBusName", "EventPattern", "RoleArn", "ScheduleExpression", "State")


@resource_type("AWS::Events::Rule")
class Rule(ResourceType):
    """A rule with its targets."""

    properties = frozenset({"Name", "Tags", "Targets", *_RULE})
    create_only = frozenset({"EventBusName", "Name"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        if not {"EventPattern", "ScheduleExpression"} & set(p):
            raise ctx.failed("ValidationException: a rule needs EventPattern or ScheduleExpression.")
        name = p.get("Name") or ctx.generated_name(64)
        targets = self._targets(ctx, p)
        request = ctx.request("events", "PutRule", p, only=_RULE)
        arn = ctx.call("events", "PutRule", Name=name, Tags=ctx.tag_list() or None, **request)["RuleArn"]
        created = ctx.announce(Created(physical_id=name, arn=arn, attributes={"Arn": arn, "RuleName": name}))
        self._put_targets(ctx, name, p, targets)
        return created

    def _targets(self, ctx: Context, p: Properties) -> list[dict[str, Any]]:
        targets: list[dict[str, Any]] = ctx.convert("events", "PutTargets", "Targets", p.get("Targets", []))
        for i, target in enumerate(targets):
            if not str(target.get("Arn", "")).startswith("arn:"):
                raise ctx.failed(f"Targets[{i}].Arn: ValidationException: {target.get('Arn')!r} is no ARN.")
        return targets

    def _put_targets(self, ctx: Context, name: str, p: Properties, targets: list[dict[str, Any]]) -> None:
        if targets:
            answer = ctx.call("events", "PutTargets", Rule=name, EventBusName=p.get("EventBusName"), Targets=targets)
            if failed := answer.get("FailedEntries"):
                raise ctx.failed(f"Targets: {failed[0].get('ErrorCode')}: {failed[0].get('ErrorMessage')}")

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        name, bus = resource.physical_id, p.get("EventBusName")
        rule = ctx.call("events", "DescribeRule", Name=name, EventBusName=bus)
        targets = ctx.call("events", "ListTargetsByRule", Rule=name, EventBusName=bus)["Targets"]
        tags = ctx.call("events", "ListTagsForResource", ResourceARN=resource.arn)["Tags"]
        return {**rule, "Targets": targets, "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        name, bus = resource.physical_id, p.get("EventBusName")
        if changed & set(_RULE):
            ctx.call("events", "PutRule", Name=name, **ctx.request("events", "PutRule", p, only=_RULE))
        if "Targets" in changed:
            targets = self._targets(ctx, p)
            old = [target["Id"] for target in resource.properties.get("Targets", [])]
            if gone := [identity for identity in old if identity not in [target["Id"] for target in targets]]:
                ctx.call("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
            self._put_targets(ctx, name, p, targets)
        if "Tags" in changed:
            if lost := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("events", "UntagResource", ResourceARN=resource.arn, TagKeys=lost)
            ctx.call("events", "TagResource", ResourceARN=resource.arn, Tags=ctx.tag_list())
        return Created(physical_id=name, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        name, bus = resource.physical_id, resource.properties.get("EventBusName")
        targets = ctx.call("events", "ListTargetsByRule", Rule=name, EventBusName=bus)["Targets"]
        if targets:
            ctx.call("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
        ctx.call("events", "DeleteRule", Name=name, EventBusName=bus)
