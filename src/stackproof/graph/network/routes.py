"""Route tables: which way out a subnet has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.network.places import SUBNET
from stackproof.graph.network.ranges import parse
from stackproof.graph.values import known, text
from stackproof.template.model import Resource, Unknown, UnknownValueError
from stackproof.template.references import display, whole

VPC, TABLE = "AWS::EC2::VPC", "AWS::EC2::RouteTable"
NAT, INTERNET_GATEWAY = "AWS::EC2::NatGateway", "AWS::EC2::InternetGateway"
_PUBLIC_TYPES = (INTERNET_GATEWAY, "AWS::EC2::CarrierGateway")
_PUBLIC_IDS = ("igw-", "cagw-")
_GATEWAYS = ("GatewayId", "NatGatewayId", "CarrierGatewayId")
_TARGETS = (
    *_GATEWAYS,
    *("TransitGatewayId", "VpcPeeringConnectionId", "InstanceId", "NetworkInterfaceId", "EgressOnlyInternetGatewayId"),
    *("LocalGatewayId", "VpcEndpointId", "CoreNetworkArn"),
)


@dataclass(frozen=True, kw_only=True)
class Network:
    """The routing of a template: the route tables (as named) of each subnet, the routes of each table, the networks
    that each internet gateway is attached to; everything by logical id."""

    tables: Mapping[str, list[Any]] = field(default_factory=dict)
    routes: Mapping[str, list[Resource]] = field(default_factory=dict)
    attached: Mapping[str, list[Any]] = field(default_factory=dict)
    unknown: Unknown | None = None


def network(graph: Graph) -> Network:
    """The routing of a template."""
    if "network" not in graph.cache:
        graph.cache["network"] = _network(graph)
    found: Network = graph.cache["network"]
    return found


def _network(graph: Graph) -> Network:
    tables, tables_unknown = _by(graph, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId", SUBNET)
    routes, routes_unknown = _by(graph, "AWS::EC2::Route", "RouteTableId", TABLE)
    attached, _ = _by(graph, "AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", INTERNET_GATEWAY)
    return Network(
        tables={name: [one.get("RouteTableId") for one in some] for name, some in tables.items()},
        routes=routes,
        attached={name: [one.get("VpcId") for one in some] for name, some in attached.items()},
        unknown=tables_unknown or routes_unknown,
    )


def _by(graph: Graph, kind: str, name: str, owner: str) -> tuple[dict[str, list[Resource]], Unknown | None]:
    """The resources of a kind by the resource that a property of theirs names, and a name that is not known."""
    result: dict[str, list[Resource]] = {}
    unknown: Unknown | None = None
    for resource in graph.of_type(kind):
        value = resource.get(name)
        if isinstance(value, Unknown):
            unknown = value
        elif found := graph.referred(value, owner):
            result.setdefault(found.logical_id, []).append(resource)
    return result, unknown


def tables(graph: Graph, subnet: Resource) -> list[Resource]:
    """The route tables that a subnet is associated with, [] where it follows the network's main one.

    Raises: UnknownValueError when it is associated with one that is not known.
    """
    named = network(graph).tables.get(subnet.logical_id, [])
    result = [table for value in named if (table := graph.referred(known(value), TABLE))]
    if len(result) < len(named):
        raise UnknownValueError(Unknown(f"the route table of {subnet.logical_id} is not in this template"))
    return result


def routes(graph: Graph, subnet: Resource) -> Iterator[Resource]:
    """The routes of the tables that a subnet is associated with."""
    for table in tables(graph, subnet):
        yield from network(graph).routes.get(table.logical_id, ())


def public_fault(graph: Graph, subnet: Resource) -> str:
    """Why a subnet is public, '' for one that is not.

    Raises: UnknownValueError when the template does not show it.
    """
    value = subnet.get("MapPublicIpOnLaunch")
    if not isinstance(value, Unknown) and value not in (None, False):
        return f"the subnet {subnet.logical_id} gives public addresses to what starts in it (MapPublicIpOnLaunch)"
    for route in routes(graph, subnet):
        if gateway := internet_gateway(graph, route):
            return f"the subnet {subnet.logical_id} is public: {route.logical_id} leads to {gateway}"
    known(value)
    known(network(graph).unknown)
    if not tables(graph, subnet) and vpc(graph, subnet) is None:
        reason = f"{subnet.logical_id} follows the main route table of a network that is not in this template"
        raise UnknownValueError(Unknown(reason))
    return ""


def internet_gateway(graph: Graph, route: Resource) -> str:
    """The internet gateway that a route leads to, for people; '' for a route that leads elsewhere."""
    for name in _GATEWAYS:
        value = known(route.get(name))
        if not isinstance(value, str):
            continue
        if graph.referred(value, *_PUBLIC_TYPES) or value.startswith(_PUBLIC_IDS) or name == "CarrierGatewayId":
            return display(value)
        reference = whole(value)
        resource = graph.resources.get(reference.target) if reference else None
        if resource is not None and not resource.type.startswith("AWS::EC2::"):
            raise UnknownValueError(Unknown(f"what {display(value)} is, is known only at deployment"))
    return ""


def vpc(graph: Graph, resource: Resource) -> Resource | None:
    """The network of a subnet, endpoint or route table, where the template has it."""
    return graph.referred(known(resource.get("VpcId")), VPC)


def has_way_out(graph: Graph, subnet: Resource) -> bool:
    """Whether a subnet has a default route that leads somewhere."""
    return any(_is_default(route) and _leads(route) for route in routes(graph, subnet))


def way_out_fault(graph: Graph, subnet: Resource) -> str:
    """Why the NAT gateway to which a subnet's default route leads is of no use, '' where nothing is wrong."""
    for route in routes(graph, subnet):
        gateway = graph.referred(known(route.get("NatGatewayId")), NAT) if _is_default(route) else None
        if gateway is None or known(gateway.get("ConnectivityType")) == "private":
            continue
        if gateway.get("SubnetId") is None and known(gateway.get("AvailabilityMode")) != "regional":
            return f"the way out of {subnet.logical_id} ends at {gateway.logical_id}, which is in no subnet"
        home = graph.referred(known(gateway.get("SubnetId")), SUBNET)
        if home is not None and not _reaches_internet(graph, home):
            return (
                f"the way out of {subnet.logical_id} ends at {gateway.logical_id}, whose subnet {home.logical_id} has "
                "no default route to an internet gateway of its network"
            )
    return ""


def _reaches_internet(graph: Graph, subnet: Resource) -> bool:
    named = network(graph).tables.get(subnet.logical_id, [])
    if not named and vpc(graph, subnet) is None:
        return True  # the main table of a network that is not in this template
    if any(graph.referred(known(value), TABLE) is None for value in named):
        return True  # a table that is not in this template
    for route in routes(graph, subnet):
        if not _is_default(route) or not internet_gateway(graph, route):
            continue
        gateway = graph.referred(known(route.get("GatewayId")), INTERNET_GATEWAY)
        if gateway is None or any(_is_home(graph, subnet, value) for value in _attached(graph, gateway)):
            return True
    return False


def _attached(graph: Graph, gateway: Resource) -> list[Any]:
    return list(network(graph).attached.get(gateway.logical_id, ()))


def _is_home(graph: Graph, subnet: Resource, value: Any) -> bool:
    home = vpc(graph, subnet)
    return graph.referred(known(value), VPC) is home if home is not None else value == known(subnet.get("VpcId"))


def _is_default(route: Resource) -> bool:
    ranges = [parse(text(route.get(name))) for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock")]
    return any(network is not None and network.prefixlen == 0 for network in ranges)


def _leads(route: Resource) -> bool:
    return any(known(route.get(name)) for name in _TARGETS)
