"""EC2: VPC endpoints, flow logs, launch templates."""

from typing import Any

from stackproof.embedded.deploy.checks import check_policy
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.types.ec2 import Ec2Type

_SETS = {  # property -> (field of the described groups' ids, parameters of ModifyVpcEndpoint to add and to remove)
    "RouteTableIds": ("AddRouteTableIds", "RemoveRouteTableIds"),
    "SubnetIds": ("AddSubnetIds", "RemoveSubnetIds"),
    "SecurityGroupIds": ("AddSecurityGroupIds", "RemoveSecurityGroupIds"),
}


@resource_type("AWS::EC2::VPCEndpoint")
class VpcEndpoint(Ec2Type):
    """A gateway or interface endpoint."""

    properties = frozenset(
        {
            "PolicyDocument",
            "PrivateDnsEnabled",
            "ServiceName",
            "Tags",
            "VpcEndpointType",
            "VpcId",
            "IpAddressType",
            *_SETS,
        }
    )
    required = frozenset({"ServiceName", "VpcId"})
    create_only = frozenset({"ServiceName", "VpcEndpointType", "VpcId"})
    kind = "vpc-endpoint"
    operations = ("CreateVpcEndpoint", "DescribeVpcEndpoints", "DeleteVpcEndpoints")
    created = ("VpcEndpoint", "VpcEndpointId")
    described = ("VpcEndpoints", "VpcEndpointIds")

    def create(self, ctx: Context, p: Properties) -> Created:
        if "PolicyDocument" in p:
            check_policy(ctx, p["PolicyDocument"], "PolicyDocument", principal=True)
        request = ctx.request("ec2", self.operations[0], p, without=("Tags",))
        made = self.make(ctx, request)
        item = self.describe(ctx, made.physical_id)
        attributes = {"Id": made.physical_id, "NetworkInterfaceIds": item.get("NetworkInterfaceIds", [])}
        return ctx.announce(Created(physical_id=made.physical_id, arn=made.arn, attributes=attributes))

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        item = self.describe(ctx, resource.physical_id)
        return {**item, "SecurityGroupIds": [group["GroupId"] for group in item.get("Groups", [])]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        change: dict[str, Any] = {}
        for name in changed & set(_SETS):
            add, remove = _SETS[name]
            old, new = resource.properties.get(name, []), p.get(name, [])
            change[add] = [item for item in new if item not in old] or None
            change[remove] = [item for item in old if item not in new] or None
        settings = ("PolicyDocument", "PrivateDnsEnabled")
        change |= ctx.request("ec2", "ModifyVpcEndpoint", p, only=tuple(name for name in settings if name in changed))
        if "PolicyDocument" in changed and "PolicyDocument" not in p:
            change["ResetPolicy"] = True
        elif "PolicyDocument" in changed:
            check_policy(ctx, p["PolicyDocument"], "PolicyDocument", principal=True)
        if change:
            ctx.call("ec2", "ModifyVpcEndpoint", VpcEndpointId=resource.physical_id, **change)
        return super().update(ctx, resource, p, changed - set(_SETS) - set(settings))

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[resource.physical_id])


@resource_type("AWS::EC2::FlowLog")
class FlowLog(Ec2Type):
    """Flow logs of a VPC, subnet or interface."""

    properties = frozenset(
        {
            *("DeliverLogsPermissionArn", "LogDestination", "LogDestinationType", "LogFormat", "LogGroupName"),
            *("MaxAggregationInterval", "ResourceId", "ResourceType", "Tags", "TrafficType"),
        }
    )
    required = frozenset({"ResourceId", "ResourceType"})
    create_only = properties - {"Tags"}
    kind = "vpc-flow-log"
    operations = ("CreateFlowLogs", "DescribeFlowLogs", "DeleteFlowLogs")
    described = ("FlowLogs", "FlowLogIds")

    def create(self, ctx: Context, p: Properties) -> Created:
        plain = {k: v for k, v in p.items() if k not in ("Tags", "ResourceId")}
        request = ctx.request("ec2", "CreateFlowLogs", {**plain, "ResourceIds": [p["ResourceId"]]})
        specification = [{"ResourceType": self.kind, "Tags": ctx.tag_list()}] if ctx.tags else None
        answer = ctx.call("ec2", "CreateFlowLogs", **request, TagSpecifications=specification)
        if failed := answer.get("Unsuccessful"):
            raise ctx.failed(f"ec2:CreateFlowLogs: {failed[0]['Error']['Code']}: {failed[0]['Error']['Message']}")
        identity = answer["FlowLogIds"][0]
        return ctx.announce(Created(physical_id=identity, arn=self.arn(ctx, identity), attributes={"Id": identity}))

    def describe(self, ctx: Context, identity: str) -> dict[str, Any]:
        items: list[dict[str, Any]] = ctx.call("ec2", "DescribeFlowLogs", FlowLogIds=[identity])["FlowLogs"]
        return items[0]

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        item = self.describe(ctx, resource.physical_id)
        kinds = {"vpc": "VPC", "sub": "Subnet", "eni": "NetworkInterface"}  # DescribeFlowLogs names no type but the id
        return {**item, "ResourceType": kinds.get(item["ResourceId"].split("-")[0][:3])}

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "DeleteFlowLogs", FlowLogIds=[resource.physical_id])


@resource_type("AWS::EC2::LaunchTemplate")
class LaunchTemplate(ResourceType):
    """A launch template; a change makes a new version."""

    properties = frozenset({"LaunchTemplateData", "LaunchTemplateName", "TagSpecifications", "VersionDescription"})
    required = frozenset({"LaunchTemplateData"})
    create_only = frozenset({"LaunchTemplateName"})

    def create(self, ctx: Context, p: Properties) -> Created:
        name = p.get("LaunchTemplateName") or ctx.generated_name(128)
        request = ctx.request("ec2", "CreateLaunchTemplate", p, without=("LaunchTemplateName",))
        made = ctx.call("ec2", "CreateLaunchTemplate", LaunchTemplateName=name, **request)["LaunchTemplate"]
        return ctx.announce(self._created(ctx, made["LaunchTemplateId"], "1", "1"))

    def _created(self, ctx: Context, identity: str, latest: str, default: str) -> Created:
        attributes = {
            "LaunchTemplateId": identity,
            "LatestVersionNumber": latest,
            "DefaultVersionNumber": default,
        }
        arn = ctx.world.account.arn("ec2", f"launch-template/{identity}")
        return Created(physical_id=identity, arn=arn, attributes=attributes)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        identity = resource.physical_id
        template = ctx.call("ec2", "DescribeLaunchTemplates", LaunchTemplateIds=[identity])["LaunchTemplates"][0]
        version = ctx.call("ec2", "DescribeLaunchTemplateVersions", LaunchTemplateId=identity, Versions=["$Latest"])
        tags = [{"ResourceType": "launch-template", "Tags": template.get("Tags", [])}]
        return {**template, **version["LaunchTemplateVersions"][0], "TagSpecifications": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        if rest := changed - {"LaunchTemplateData", "VersionDescription"}:
            return super().update(ctx, resource, p, rest)
        request = ctx.request(
            "ec2", "CreateLaunchTemplateVersion", p, only=("LaunchTemplateData", "VersionDescription")
        )
        answer = ctx.call("ec2", "CreateLaunchTemplateVersion", LaunchTemplateId=resource.physical_id, **request)
        latest = str(answer["LaunchTemplateVersion"]["VersionNumber"])
        return self._created(ctx, resource.physical_id, latest, resource.attributes["DefaultVersionNumber"])

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "DeleteLaunchTemplate", LaunchTemplateId=resource.physical_id)
