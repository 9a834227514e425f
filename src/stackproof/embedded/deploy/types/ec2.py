"""EC2: what most network resources share, and those that need nothing more."""

from collections.abc import Mapping
from typing import Any, ClassVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type


class Ec2Type(ResourceType):
    """A resource with an id: `created` and `described` say where answers carry it."""

    system_tags = True
    tags = "list"
    kind: ClassVar[str]  # of the tag specification
    operations: ClassVar[tuple[str, str, str]]  # create, describe, delete
    created: ClassVar[tuple[str, str]]  # where the create answer has it, and its id field
    described: ClassVar[tuple[str, str]]  # the list in the describe answer, and the parameter with the ids
    deleted_by: ClassVar[str]

    def create(self, ctx: Context, p: Properties) -> Created:
        operation = self.operations[0]
        request = ctx.request("ec2", operation, p, without=self.later(), renames=self.renames)
        return ctx.announce(self.make(ctx, request))

    def make(self, ctx: Context, request: Mapping[str, Any]) -> Created:
        """Call the create operation."""
        specification = [{"ResourceType": self.kind, "Tags": ctx.tag_list()}] if ctx.tags else None
        answer = ctx.call("ec2", self.operations[0], **request, TagSpecifications=specification)
        item = answer[self.created[0]] if self.created[0] else answer
        identity = item[self.created[1]]
        return Created(physical_id=identity, arn=self.arn(ctx, identity), attributes=self.attributes(identity, item))

    def later(self) -> tuple[str, ...]:
        """Properties that the create operation does not take."""
        return ("Tags",)

    def arn(self, ctx: Context, identity: str) -> str:
        """The resource's ARN."""
        return ctx.world.account.arn("ec2", f"{self.kind}/{identity}")

    def attributes(self, identity: str, item: Mapping[str, Any]) -> dict[str, Any]:
        """What GetAtt gives."""
        return {self.created[1]: identity}

    def describe(self, ctx: Context, identity: str) -> dict[str, Any]:
        """The described item."""
        items, ids = self.described
        found: list[dict[str, Any]] = ctx.call("ec2", self.operations[1], **{ids: [identity]})[items]
        if not found:
            raise ctx.failed(f"{identity} is gone.")
        return found[0]

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        return self.describe(ctx, resource.physical_id)

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        if rest := changed - {"Tags"}:
            return super().update(ctx, resource, p, rest)
        self.retag(ctx, resource)
        return Created(physical_id=resource.physical_id, arn=resource.arn, attributes=resource.attributes)

    def retag(self, ctx: Context, resource: Resource) -> None:
        """Bring the tags to what they are now."""
        if gone := [{"Key": key} for key in resource.tags if key not in ctx.tags]:
            ctx.call("ec2", "DeleteTags", Resources=[resource.physical_id], Tags=gone)
        if ctx.tags:
            ctx.call("ec2", "CreateTags", Resources=[resource.physical_id], Tags=ctx.tag_list())

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", self.operations[2], **{self.deleted_by: resource.physical_id})


@resource_type("AWS::EC2::InternetGateway")
class InternetGateway(Ec2Type):
    """An internet gateway."""

    properties = frozenset({"Tags"})
    kind = "internet-gateway"
    operations = ("CreateInternetGateway", "DescribeInternetGateways", "DeleteInternetGateway")
    created = ("InternetGateway", "InternetGatewayId")
    described = ("InternetGateways", "InternetGatewayIds")
    deleted_by = "InternetGatewayId"


@resource_type("AWS::EC2::RouteTable")
class RouteTable(Ec2Type):
    """A route table."""

    properties = frozenset({"Tags", "VpcId"})
    create_only = frozenset({"VpcId"})
    kind = "route-table"
    operations = ("CreateRouteTable", "DescribeRouteTables", "DeleteRouteTable")
    created = ("RouteTable", "RouteTableId")
    described = ("RouteTables", "RouteTableIds")
    deleted_by = "RouteTableId"


@resource_type("AWS::EC2::NatGateway")
class NatGateway(Ec2Type):
    """A NAT gateway; its allocation is read from its addresses."""

    properties = frozenset({"AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId", "Tags"})
    required = frozenset({"SubnetId"})
    create_only = properties - {"Tags"}
    kind = "natgateway"
    operations = ("CreateNatGateway", "DescribeNatGateways", "DeleteNatGateway")
    created = ("NatGateway", "NatGatewayId")
    described = ("NatGateways", "NatGatewayIds")
    deleted_by = "NatGatewayId"

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        item = self.describe(ctx, resource.physical_id)
        address = (item.get("NatGatewayAddresses") or [{}])[0]
        own = {
            name: address.get(api)
            for name, api in (("AllocationId", "AllocationId"), ("PrivateIpAddress", "PrivateIp"))
        }
        return {**item, **own}


@resource_type("AWS::EC2::EIP")
class ElasticIp(Ec2Type):
    """An elastic IP address; `Ref` is the address."""

    properties = frozenset({"Domain", "Tags"})
    create_only = frozenset({"Domain"})
    kind = "elastic-ip"
    operations = ("AllocateAddress", "DescribeAddresses", "ReleaseAddress")

    def make(self, ctx: Context, request: Mapping[str, Any]) -> Created:
        specification = [{"ResourceType": self.kind, "Tags": ctx.tag_list()}] if ctx.tags else None
        item = ctx.call("ec2", "AllocateAddress", **request, TagSpecifications=specification)
        attributes = {"AllocationId": item["AllocationId"], "PublicIp": item["PublicIp"]}
        arn = self.arn(ctx, item["AllocationId"])
        return Created(physical_id=item["PublicIp"], arn=arn, attributes=attributes)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer: dict[str, Any] = ctx.call("ec2", "DescribeAddresses", PublicIps=[resource.physical_id])
        return dict(answer["Addresses"][0])

    def retag(self, ctx: Context, resource: Resource) -> None:
        identity = resource.attributes["AllocationId"]
        if gone := [{"Key": key} for key in resource.tags if key not in ctx.tags]:
            ctx.call("ec2", "DeleteTags", Resources=[identity], Tags=gone)
        if ctx.tags:
            ctx.call("ec2", "CreateTags", Resources=[identity], Tags=ctx.tag_list())

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "ReleaseAddress", AllocationId=resource.attributes["AllocationId"])
