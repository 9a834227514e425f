"""EC2: VPC, subnets, routes and their joints."""

from collections.abc import Mapping
from typing import Any

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.types.ec2 import Ec2Type

_DNS = ("EnableDnsHostnames", "EnableDnsSupport")
_TARGETS = ("GatewayId", "NatGatewayId", "VpcPeeringConnectionId", "TransitGatewayId", "NetworkInterfaceId")


@resource_type("AWS::EC2::VPC")
class Vpc(Ec2Type):
    """A VPC."""

    properties = frozenset({"CidrBlock", "InstanceTenancy", "Tags", *_DNS})
    create_only = frozenset({"CidrBlock", "InstanceTenancy"})
    kind = "vpc"
    operations = ("CreateVpc", "DescribeVpcs", "DeleteVpc")
    created = ("Vpc", "VpcId")
    described = ("Vpcs", "VpcIds")
    deleted_by = "VpcId"

    def later(self) -> tuple[str, ...]:
        return ("Tags", *_DNS)

    def create(self, ctx: Context, p: Properties) -> Created:
        created = super().create(ctx, p)
        self._settings(ctx, created.physical_id, p, frozenset(p))
        groups = ctx.call("ec2", "DescribeSecurityGroups", Filters=_filters(created.physical_id))["SecurityGroups"]
        attributes = {**created.attributes, "CidrBlock": p.get("CidrBlock"), "CidrBlockAssociations": []}
        default = next(g["GroupId"] for g in groups if g["GroupName"] == "default")
        attributes["DefaultSecurityGroup"] = default
        return Created(physical_id=created.physical_id, arn=created.arn, attributes=attributes)

    def _settings(self, ctx: Context, identity: str, p: Properties, changed: frozenset[str]) -> None:
        for name in _DNS:
            if name in changed:
                value = str(p.get(name, name == "EnableDnsSupport")).lower() == "true"
                ctx.call("ec2", "ModifyVpcAttribute", VpcId=identity, **{name: {"Value": value}})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        item = self.describe(ctx, resource.physical_id)
        for name in _DNS:
            attribute = name[:1].lower() + name[1:]
            answer = ctx.call("ec2", "DescribeVpcAttribute", VpcId=resource.physical_id, Attribute=attribute)
            item[name] = answer[name]["Value"]
        return item

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        self._settings(ctx, resource.physical_id, p, changed)
        return super().update(ctx, resource, p, changed - set(_DNS))


@resource_type("AWS::EC2::Subnet")
class Subnet(Ec2Type):
    """A subnet."""

    properties = frozenset({"AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "Tags", "VpcId"})
    required = frozenset({"VpcId"})
    create_only = frozenset({"AvailabilityZone", "CidrBlock", "VpcId"})
    kind = "subnet"
    operations = ("CreateSubnet", "DescribeSubnets", "DeleteSubnet")
    created = ("Subnet", "SubnetId")
    described = ("Subnets", "SubnetIds")
    deleted_by = "SubnetId"

    def later(self) -> tuple[str, ...]:
        return ("Tags", "MapPublicIpOnLaunch")

    def attributes(self, identity: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return {"SubnetId": identity, **{key: item[key] for key in ("AvailabilityZone", "CidrBlock", "VpcId")}}

    def create(self, ctx: Context, p: Properties) -> Created:
        created = super().create(ctx, p)
        self._settings(ctx, created.physical_id, p, frozenset(p))
        return created

    def _settings(self, ctx: Context, identity: str, p: Properties, changed: frozenset[str]) -> None:
        if "MapPublicIpOnLaunch" in changed:
            value = str(p.get("MapPublicIpOnLaunch", False)).lower() == "true"
            ctx.call("ec2", "ModifySubnetAttribute", SubnetId=identity, MapPublicIpOnLaunch={"Value": value})

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        self._settings(ctx, resource.physical_id, p, changed)
        return super().update(ctx, resource, p, changed - {"MapPublicIpOnLaunch"})


@resource_type("AWS::EC2::VPCGatewayAttachment")
class GatewayAttachment(ResourceType):
    """An internet gateway in a VPC."""

    properties = frozenset({"InternetGatewayId", "VpcId"})
    required = frozenset({"InternetGatewayId", "VpcId"})
    create_only = properties

    def create(self, ctx: Context, p: Properties) -> Created:
        ctx.call("ec2", "AttachInternetGateway", **ctx.request("ec2", "AttachInternetGateway", p))
        return Created(physical_id=f"IGW|{p['VpcId']}", attributes={"AttachmentType": "IGW"})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        gateways = ctx.call("ec2", "DescribeInternetGateways", InternetGatewayIds=[p["InternetGatewayId"]])
        gateway = gateways["InternetGateways"][0]
        return {**gateway, "VpcId": next((a["VpcId"] for a in gateway["Attachments"]), None)}

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "DetachInternetGateway", **dict(resource.properties))


@resource_type("AWS::EC2::SubnetRouteTableAssociation")
class RouteTableAssociation(ResourceType):
    """Which route table a subnet uses."""

    properties = frozenset({"RouteTableId", "SubnetId"})
    required = frozenset({"RouteTableId", "SubnetId"})
    create_only = properties

    def create(self, ctx: Context, p: Properties) -> Created:
        answer = ctx.call("ec2", "AssociateRouteTable", **ctx.request("ec2", "AssociateRouteTable", p))
        return Created(physical_id=answer["AssociationId"], attributes={"Id": answer["AssociationId"]})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        table = ctx.call("ec2", "DescribeRouteTables", RouteTableIds=[p["RouteTableId"]])["RouteTables"][0]
        found = (a for a in table["Associations"] if a["RouteTableAssociationId"] == resource.physical_id)
        return dict(next(found))

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("ec2", "DisassociateRouteTable", AssociationId=resource.physical_id)


@resource_type("AWS::EC2::Route")
class Route(ResourceType):
    """A route."""

    properties = frozenset({"DestinationCidrBlock", "DestinationPrefixListId", "RouteTableId", *_TARGETS})
    required = frozenset({"RouteTableId"})
    create_only = frozenset({"DestinationCidrBlock", "DestinationPrefixListId", "RouteTableId"})

    def create(self, ctx: Context, p: Properties) -> Created:
        if "GatewayId" in p:
            self._check_attached(ctx, p)
        ctx.call("ec2", "CreateRoute", **ctx.request("ec2", "CreateRoute", p))
        destination = p.get("DestinationCidrBlock") or p.get("DestinationPrefixListId")
        return Created(physical_id=f"{p['RouteTableId']}|{destination}", attributes={"CidrBlock": destination})

    def _check_attached(self, ctx: Context, p: Properties) -> None:
        """AWS refuses a route over a gateway that is not attached to the table's VPC (API CreateRoute)."""
        table = ctx.call("ec2", "DescribeRouteTables", RouteTableIds=[p["RouteTableId"]])["RouteTables"][0]
        gateways = ctx.call("ec2", "DescribeInternetGateways", InternetGatewayIds=[p["GatewayId"]])["InternetGateways"]
        if table["VpcId"] not in [a["VpcId"] for a in gateways[0]["Attachments"]]:
            raise ctx.failed(
                f"GatewayId: route table {p['RouteTableId']} and network gateway {p['GatewayId']} belong to different "
                "networks: the gateway is not attached yet (DependsOn the attachment)."
            )

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        table = ctx.call("ec2", "DescribeRouteTables", RouteTableIds=[p["RouteTableId"]])["RouteTables"][0]
        key = "DestinationCidrBlock" if "DestinationCidrBlock" in p else "DestinationPrefixListId"
        routes = [route for route in table["Routes"] if route.get(key) == p[key]]
        return {**routes[0], "RouteTableId": table["RouteTableId"]} if routes else {}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        ctx.call("ec2", "ReplaceRoute", **ctx.request("ec2", "ReplaceRoute", p))
        return Created(physical_id=resource.physical_id, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        only = {k: v for k, v in resource.properties.items() if k in self.create_only}
        ctx.call("ec2", "DeleteRoute", **ctx.request("ec2", "DeleteRoute", only))


def _filters(vpc: str) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [vpc]}]
