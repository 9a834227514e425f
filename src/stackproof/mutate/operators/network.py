"""Faults that open a network."""

from collections.abc import Iterator
from typing import Any

from stackproof.mutate import tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.registry import operator
from stackproof.mutate.target import Target, reference

_WORLD = (
    {"CidrIp": "0.0.0.0/0"},
    {"CidrIpv6": "::/0"},
    {"CidrIp": "0.0.0.0/1"},
)
_GROUP = "AWS::EC2::SecurityGroup"


@operator("open-ingress")
def open_ingress(target: Target) -> Iterator[Mutant]:
    """A security group lets the world in: by IPv4, IPv6, half of it, in the group or as a resource of its own."""
    for group in target.of_type(_GROUP):
        path = (*target.body(group), "Properties", "SecurityGroupIngress")
        known = tree.at(target.data, path) if tree.has(target.data, path) else []
        for source in _WORLD:
            entry = {"Description": "open", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **source}
            data = tree.replaced(target.data, path, [*known, entry])
            what = f"port 22 is open to {next(iter(source.values()))}"
            yield target.change(path, data, what, ("network-ingress",), after=source)
        yield _apart(target, group.logical_id, "Ingress", {"CidrIp": "0.0.0.0/0"}, "network-ingress")


@operator("open-egress")
def open_egress(target: Target) -> Iterator[Mutant]:
    """A security group lets everything out to everywhere."""
    for group in target.of_type(_GROUP):
        path = (*target.body(group), "Properties", "SecurityGroupEgress")
        known = tree.at(target.data, path) if tree.has(target.data, path) else []
        for source in _WORLD[:2]:
            entry = {"Description": "open", "IpProtocol": "-1", **source}
            data = tree.replaced(target.data, path, [*known, entry])
            what = f"everything may go to {next(iter(source.values()))}"
            yield target.change(path, data, what, ("network-egress",), after=source)
        yield _apart(target, group.logical_id, "Egress", {"CidrIp": "0.0.0.0/0"}, "network-egress", protocol="-1")


def _apart(target: Target, group: str, way: str, source: dict[str, Any], control: str, protocol: str = "tcp") -> Mutant:
    body = {
        "Type": f"{_GROUP}{way}",
        "Properties": {
            "GroupId": {"Fn::GetAtt": [group, "GroupId"]},
            "IpProtocol": protocol,
            **({"FromPort": 22, "ToPort": 22} if protocol == "tcp" else {}),
            **source,
        },
    }
    data = tree.replaced(target.data, ("Resources", f"{group}Open"), body)
    return target.change(
        ("Resources", group), data, f"a resource opens {way.lower()} of {group}", (control,), after=source
    )


@operator("public-route")
def public_route(target: Target) -> Iterator[Mutant]:
    """A private route table gets a route to the internet gateway."""
    public, gateway = _public_tables(target), next(target.of_type("AWS::EC2::InternetGateway"), None)
    for table in target.of_type("AWS::EC2::RouteTable") if gateway else ():
        if table.logical_id in public:
            continue
        body = {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": table.logical_id},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": gateway.logical_id if gateway else ""},
            },
        }
        data = tree.replaced(target.data, ("Resources", f"{table.logical_id}Open"), body)
        path = target.body(table)
        yield target.change(path, data, f"{table.logical_id} leads to the internet", ("network-private-compute",))


@operator("public-subnet")
def public_subnet(target: Target) -> Iterator[Mutant]:
    """A private subnet is associated with a route table that leads to the internet."""
    public = _public_tables(target)
    for association in target.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        place = target.place(association, "RouteTableId")
        if place is not None and reference(place.value) not in public:
            for table in sorted(public)[:1]:
                yield target.replace(place, {"Ref": table}, ("network-private-compute",))


def _public_tables(target: Target) -> set[str]:
    """The route tables with a route to an internet gateway."""
    found = (
        reference(route.properties.get("RouteTableId"))
        for route in target.of_type("AWS::EC2::Route")
        if "GatewayId" in route.properties
    )
    return {name for name in found if name}


@operator("public-address")
def public_address(target: Target) -> Iterator[Mutant]:
    """A subnet or a launch template gives out public addresses."""
    for subnet in target.of_type("AWS::EC2::Subnet"):
        path = (*target.body(subnet), "Properties", "MapPublicIpOnLaunch")
        data = tree.replaced(target.data, path, "true")
        yield target.change(path, data, 'MapPublicIpOnLaunch is "true", as text', ("network-public-addresses",))
    for template in target.of_type("AWS::EC2::LaunchTemplate"):
        path = (*target.body(template), "Properties", "LaunchTemplateData", "NetworkInterfaces")
        value = [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]
        data = tree.replaced(target.data, path, value)
        yield target.change(path, data, "instances get public addresses", ("network-public-addresses",), after=value)


@operator("open-endpoint")
def open_endpoint(target: Target) -> Iterator[Mutant]:
    """An endpoint's policy allows everything."""
    for endpoint in target.of_type("AWS::EC2::VPCEndpoint"):
        path = (*target.body(endpoint), "Properties", "PolicyDocument")
        value = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        }
        data = tree.replaced(target.data, path, value)
        yield target.change(path, data, "the policy allows everything", ("network-endpoint-policies",), after=value)
