"""In how many zones something runs."""

from collections.abc import Iterator

from stackproof.findings.outcome import Outcome
from stackproof.graph.graph import Graph
from stackproof.graph.network import routes
from stackproof.graph.network.endpoints import ENDPOINT, kind
from stackproof.graph.network.places import BATCH, FUNCTION, SCALING, SERVICE, SUBNET, Place, places
from stackproof.graph.values import found, items, known, text
from stackproof.rules import Hit
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import display, whole

_ZONES = "AWS::AvailabilityZones"
_SPREAD = (BATCH, SERVICE, "AWS::ECS::TaskSet", SCALING, FUNCTION, "AWS::EKS::Nodegroup", "AWS::EKS::FargateProfile")
TYPES = (*_SPREAD, ENDPOINT)
"""The types that can run in several zones: computing, and the interface endpoints that it calls."""


def is_spread(resource: Resource, graph: Graph) -> bool:
    """Whether a resource runs in subnets of its choice: for an endpoint, an interface in a network with computing."""
    if resource.type == ENDPOINT:
        return kind(resource) == "Interface" and bool(_compute_zones(graph, resource))
    if resource.type == SCALING and resource.get("AvailabilityZones") is not None:
        return True
    return bool(places(graph, resource))


def zone_faults(graph: Graph, resource: Resource, least: int) -> Iterator[Hit]:
    """Why a resource runs in too few zones."""
    if resource.type == ENDPOINT:
        yield from _endpoint_faults(graph, resource)
        return
    named, path = _named(graph, resource)
    for place, subnet in named:
        if subnet is not None and not _zone(subnet):
            yield Hit(f"the subnet {subnet.logical_id} names no AvailabilityZone, so AWS picks any", path=place.path)
    zones = {zone: None for _, subnet in named if subnet is not None and (zone := _zone(subnet))}
    zones.update(dict.fromkeys(_own_zones(resource)))
    strangers = [place for place, subnet in named if subnet is None]
    sure = _certain(zones)
    if sure >= least:
        return
    open_end = any(isinstance(place.value, Unknown) for place in strangers)  # may be a whole list
    if not open_end and len(zones) + len(strangers) < least:
        shown = ", ".join(map(_shown, zones)) or "none that is known"
        yield Hit(f"it runs in {len(zones)} of at least {least} zones: {shown}", path=path)
    else:
        yield Hit(_doubt(strangers), path=path, outcome=Outcome.UNKNOWN)


def _doubt(strangers: list[Place]) -> str:
    reason = next((place.value.reason for place in strangers if isinstance(place.value, Unknown)), "")
    if not reason:
        reason = (
            "its subnets are not all in this template" if strangers else "some are named, some picked by Fn::GetAZs"
        )
    return f"in how many zones it runs is not known: {reason}"


def _named(graph: Graph, resource: Resource) -> tuple[list[tuple[Place, Resource | None]], Path]:
    named = places(graph, resource)
    path = named[0].path if named else ("Properties", "AvailabilityZones")
    return [(place, place.subnet) for place in named], path[:-1] if isinstance(path[-1], int) else path


def _own_zones(resource: Resource) -> list[str]:
    if resource.type != SCALING or places_named(resource):
        return []
    return [zone for zone in map(known, items(resource.get("AvailabilityZones"))) if isinstance(zone, str)]


def places_named(resource: Resource) -> bool:
    """Whether a scaling group names subnets: then its zones are theirs."""
    return any(True for _ in found(resource, ("VPCZoneIdentifier",)))


def _zone(subnet: Resource) -> str:
    return text(subnet.get("AvailabilityZone")) or text(subnet.get("AvailabilityZoneId"))


def _certain(zones: dict[str, None]) -> int:
    """How many zones these are at least: one by name and one picked by Fn::GetAZs may be the same."""
    picked = sum(1 for zone in zones if (reference := whole(zone)) and reference.target == _ZONES)
    return max(picked, len(zones) - picked)


def _shown(zone: str) -> str:
    reference = whole(zone)
    if reference is not None and reference.target == _ZONES:
        return f"number {reference.attribute} of Fn::GetAZs"
    return display(zone)


def _endpoint_faults(graph: Graph, endpoint: Resource) -> Iterator[Hit]:
    homes = [graph.referred(known(value), SUBNET) for value in items(endpoint.get("SubnetIds"))]
    if None in homes:
        yield Hit(
            "in which zones it is, is not known: its subnets are not all in this template", outcome=Outcome.UNKNOWN
        )
        return
    own = {_zone(home) for home in homes if home is not None}
    for zone in _compute_zones(graph, endpoint):
        if zone not in own:
            message = f"it has no address in the zone {_shown(zone)}, where compute runs that calls it"
            yield Hit(message, path=("Properties", "SubnetIds") if homes else ("Properties",))


def _compute_zones(graph: Graph, endpoint: Resource) -> dict[str, None]:
    """The zones in which the network of an endpoint has compute that calls AWS."""
    by_network: dict[str, dict[str, None]] = graph.cache.setdefault("network.zones", {})
    home = routes.vpc(graph, endpoint)
    if home is None:
        return {}
    if home.logical_id not in by_network:
        subnets = [place.subnet for one in graph.of_type(*_SPREAD) for place in places(graph, one)]
        here = [subnet for subnet in subnets if subnet is not None and routes.vpc(graph, subnet) is home]
        by_network[home.logical_id] = {zone: None for subnet in here if (zone := _zone(subnet))}
    return by_network[home.logical_id]
